// OpticalProjector where things go wrong: mispaired light, another bench, Ctrl-C, the laser.
#include "projection/optical_projector.h"
#include "hal/error.h"
#include "tests/projection/faulty_bench.h"
#include "tests/projection/quiet_twin.h"

#include <doctest/doctest.h>

#include <optional>
#include <sstream>
#include <stop_token>

using namespace opal;
using dfa::Matrix;
using projection::OpticalProjector;

namespace {

// Four vectors, eight patterns.
Matrix four_errors() {
    Matrix e(4, tests::twin_inputs);
    e << 1, -1, 1, 0, 0, 1, 0, 0, 0, -1,  //
        0, 1, 0, 0, -1, 0, 1, 1, -1, 0,   //
        1, 1, -1, 0, -1, 1, 0, 1, 1, -1,  //
        0, 0, 0, 1, 1, 0, -1, -1, 0, 0;
    return e;
}

constexpr std::uint64_t sentinels_before = 3;  // black, white, black [calibration/acquisition.h]

double difference(const Matrix& a, const Matrix& b) {
    return static_cast<double>((a - b).squaredNorm() / b.squaredNorm());
}

}  // namespace

TEST_CASE("light of another pattern is noticed, taken again and counted") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    Matrix expected;
    {
        OpticalProjector projector(*bench, record, {});
        projector.project(four_errors(), expected);
        CHECK(projector.stats().repeats == 0);
        CHECK(projector.stats().vectors == 4);
        CHECK(projector.stats().acquisitions == 8 + 4);  // patterns and sentinels
    }
    tests::FaultyBench faulty(*bench);
    OpticalProjector projector(faulty, record, {});
    const std::uint64_t begin = faulty.faulty.frames + sentinels_before;
    faulty.faulty.stale = [&](std::uint64_t n) { return n == begin + 2 || n == begin + 5; };
    Matrix out;
    projector.project(four_errors(), out);
    CHECK(projector.stats().repeats == 2);
    CHECK(projector.health().unread_frames == 2);
    CHECK(projector.stats().acquisitions == (8 + 4) + (2 + 4));
    // Two exposures of the same things; noise below 0.5 % each, and a wrong frame would give 25 %.
    CHECK(difference(out, expected) < 0.01);
}

TEST_CASE("a pattern whose light never comes ends in one clear line and darkness") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    tests::FaultyBench faulty(*bench);
    std::optional<OpticalProjector> projector;
    projector.emplace(faulty, record, projection::OpticalOptions{});
    // Every second frame is stale, whatever run it is in; sentinels are left alone so that only the
    // code words can tell.
    std::uint64_t run_begin = faulty.faulty.frames;
    std::uint64_t length = 8 + 4;
    faulty.faulty.stale = [&](std::uint64_t n) {
        const std::uint64_t at = n - run_begin;
        if (at + 1 == length) {
            run_begin = n + 1;
            length = 1 + 4;  // from now on one pattern is taken again and again
        }
        return at == sentinels_before;
    };
    Matrix out;
    try {
        projector->project(four_errors(), out);
        FAIL("the wrong light was accepted");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::mispaired);
        const std::string text = e.what();
        CHECK(text.find("code word") != std::string::npos);
        CHECK(text.find("calibrate again") != std::string::npos);
        CHECK(text.find('\n') == std::string::npos);
    }
    projector.reset();
    CHECK(bench->laser().status().state == hal::LaserState::off);
}

TEST_CASE("the laser is on for the projector's life and off after it, stopped or not") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    {
        OpticalProjector projector(*bench, record, {});
        CHECK(bench->laser().status().state == hal::LaserState::emitting);
        CHECK(bench->laser().status().set_power_mw == record.laser_power_mw);
    }
    CHECK(bench->laser().status().state == hal::LaserState::off);

    std::stop_source stop;
    {
        OpticalProjector projector(*bench, record, {.stop = stop.get_token()});
        stop.request_stop();
        Matrix out;
        CHECK_THROWS_AS(projector.project(four_errors(), out), calibration::Interrupted);
    }
    CHECK(bench->laser().status().state == hal::LaserState::off);
    CHECK_THROWS_AS(OpticalProjector(*bench, record, {.stop = stop.get_token()}),
                    calibration::Interrupted);
    CHECK(bench->laser().status().state == hal::LaserState::off);
}

TEST_CASE("another bench's record, an open door and impossible wishes are refused before light") {
    auto record = tests::small_lab_record();
    std::ostringstream events;
    const auto bench = sim::make_simulated_bench(tests::small_lab(), {.events = &events});
    CHECK_THROWS_WITH_AS(OpticalProjector(*bench, record, {.outputs = 5000}),
                         doctest::Contains("1 to 2048"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(OpticalProjector(*bench, record, {.inputs = 11}),
                         doctest::Contains("opal calibrate --inputs 11"), std::invalid_argument);
    record.bench_identity = "something else";
    try {
        OpticalProjector projector(*bench, record, {});
        FAIL("a foreign record was accepted");
    } catch (const hal::DeviceError& e) {
        CHECK(e.kind() == hal::ErrorKind::refused);
        CHECK(std::string(e.what()).find("another bench") != std::string::npos);
    }
    CHECK(events.str().find("emitting") == std::string::npos);
    CHECK(events.str().find("armed") == std::string::npos);
    bench->set_interlock(false);
    CHECK_THROWS_AS(OpticalProjector(*bench, tests::small_lab_record(), {}), hal::DeviceError);
    CHECK(bench->laser().status().state == hal::LaserState::off);
}

TEST_CASE("vectors of another length are refused, empty batches and zero vectors are not") {
    const auto& record = tests::small_lab_record();
    const auto bench = sim::make_simulated_bench(tests::small_lab());
    OpticalProjector projector(*bench, record, {.outputs = 64});
    Matrix out;
    CHECK_THROWS_AS(projector.project(Matrix::Zero(1, 9), out), std::invalid_argument);
    projector.project(Matrix::Zero(3, 10), out);
    CHECK(out == Matrix::Zero(3, 64));
    CHECK(projector.stats().acquisitions == 0);  // darkness needs no light
    projector.project(Matrix::Zero(0, 10), out);
    CHECK(out.rows() == 0);
    CHECK(out.cols() == 64);
}
