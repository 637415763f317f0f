// Every fault the simulated bench knows, against the whole way from patterns to results: what is
// returned is right, or nothing is returned; and whoever has to notice has noticed.
#include "hal/error.h"
#include "projection/optical_projector.h"
#include "sim/faults/fault_file.h"
#include "tests/projection/quiet_twin.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <random>
#include <set>
#include <string>

using namespace opal;
using dfa::Matrix;
using projection::Notice;
using projection::OpticalProjector;
using sim::FaultKind;

namespace {

// The scale is measured with 32 patterns or less and 4 sentinels; the batch after has this frame.
constexpr int struck_frame = 70;

Matrix ternary(Eigen::Index samples) {
    std::mt19937 bits(7);
    Matrix m(samples, tests::twin_inputs);
    for (Eigen::Index i = 0; i < m.size(); ++i)
        m.data()[i] = static_cast<float>(static_cast<int>(bits() >> 8) % 3 - 1);
    return m;
}

double difference(const Matrix& a, const Matrix& b) {
    return static_cast<double>((a - b).squaredNorm() / b.squaredNorm());
}

struct Outcome {
    Matrix out;
    std::string stop;  // empty: it went through
    std::set<Notice> noticed;
    std::size_t wrong_pairs = 0;
    std::size_t pairs = 0;
    std::vector<sim::InjectedFault> injected;
    projection::OpticalHealth health;
};

// Six batches, the first of which is struck.
Outcome work_through(const std::string& schedule, const std::vector<Matrix>& batches) {
    const sim::FaultSchedule faults = sim::parse_faults(schedule, "test.yaml");
    const auto bench = sim::make_simulated_bench(tests::small_lab(), {.faults = &faults});
    Outcome outcome;
    std::vector<char> seen;
    projection::OpticalOptions options;
    options.on_frame = [&](std::size_t k, const hal::BitPattern& shown, const hal::Frame&) {
        if (seen.size() <= k) seen.resize(k + 1);
        const auto truth = bench->faults()->last_truth();
        seen[k] = truth.pattern == sim::pattern_mark(shown) && truth.share > 0.97;
    };
    options.on_used = [&](std::span<const std::uint8_t> used) {
        for (std::size_t k = 0; k < used.size(); ++k) {
            outcome.pairs += used[k];
            outcome.wrong_pairs += used[k] != 0 && !seen[k];
        }
    };
    options.on_notice = [&](Notice kind, const std::string& what) {
        CHECK_FALSE(what.empty());
        CHECK(what.find('\n') == std::string::npos);
        outcome.noticed.insert(kind);
    };
    try {
        OpticalProjector projector(*bench, tests::small_lab_record(), options);
        for (const Matrix& batch : batches) {
            projector.project(batch, outcome.out);
            outcome.health = projector.health();
        }
    } catch (const hal::DeviceError& e) {
        outcome.stop = e.what();
    }
    outcome.injected = bench->faults()->injected();
    return outcome;
}

std::string once(const std::string& fault, const std::string& more = {}) {
    return fmt::format("faults:\n  - fault: {}\n    at_frame: {}\n{}", fault, struck_frame, more);
}

}  // namespace

TEST_CASE("a fault of a run is noticed, taken again, and nothing of it is in the result") {
    const std::vector<Matrix> batches{ternary(24)};
    const Outcome honest = work_through("faults: []\n", batches);
    REQUIRE(honest.stop.empty());
    CHECK(honest.noticed.empty());
    CHECK(honest.wrong_pairs == 0);
    for (const sim::FaultType& type : sim::fault_types()) {
        if (type.place == sim::FaultPlace::light || type.place == sim::FaultPlace::usb) continue;
        CAPTURE(type.name);
        const Outcome got = work_through(once(std::string(type.name)), batches);
        REQUIRE(got.stop == "");
        CHECK(got.wrong_pairs == 0);
        REQUIRE(got.injected.size() == 1);
        CHECK(got.injected.front().kind == type.kind);
        // The first sentinel takes the dim first frame: that is what the preamble is for.
        if (type.kind != FaultKind::dim_first_frame) CHECK_FALSE(got.noticed.empty());
        // Two exposures of the same patterns; noise below 0.5 % each (optical_projector.cpp).
        REQUIRE(got.out.rows() == honest.out.rows());
        CHECK(difference(got.out, honest.out) < 0.01);
    }
}

TEST_CASE("a fault of a run that stays ends in a line that names it") {
    const std::vector<Matrix> batches{ternary(24)};
    for (const char* fault : {"stale_buffers", "trigger_lost", "pixels_swapped", "start_ignored"}) {
        CAPTURE(fault);
        const Outcome got = work_through(once(fault, "    runs: 100\n"), batches);
        CHECK(got.stop.find("[mispaired]") != std::string::npos);
        CHECK(got.wrong_pairs == 0);
    }
}

TEST_CASE("faults of the light: noticed for what they are, and outlived or named") {
    const std::vector<Matrix> batches(6, ternary(24));
    const Matrix honest = work_through("faults: []\n", batches).out;
    SUBCASE("a surge saturates pixels and passes") {
        const Outcome got =
            work_through(once("saturation", "    power: 6\n    for_s: 0.05\n"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::frames_unread) + got.noticed.count(Notice::run_repeated) >=
              1);
        CHECK(difference(got.out, honest) < 0.01);
    }
    SUBCASE("a mode hop turns the medium: the matrix is measured again") {
        const Outcome got = work_through(once("mode_hop"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::matrix_measured) == 1);
        CHECK(got.health.matrix_refreshes >= 1);
        // cos 0.3 = 0.955: the light is another one, and the result says so.
        CHECK(difference(got.out, honest) ==
              doctest::Approx(2 - 2 * std::cos(0.3)).epsilon(0.2).scale(0));
        CHECK(got.health.largest_correlation_loss < 0.01);
    }
    SUBCASE("a bump of the table: its phase is taken out") {
        const Outcome got = work_through(once("table_bump", "    medium_rad: 0\n"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::phase_jump) == 1);
        CHECK(difference(got.out, honest) < 0.01);
    }
    SUBCASE("an ageing laser is divided out and named") {
        const Outcome got =
            work_through(once("laser_ageing", "    over_s: 0.001\n    for_s: 100\n"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::power) == 1);
        CHECK(got.health.lowest_power == doctest::Approx(0.7).epsilon(0.03));
        // Less light, more noise: 0.5 % twice over at 70 %.
        CHECK(difference(got.out, honest) < 0.02);
    }
    SUBCASE("a laser at a fifth stops the work, and the line says why") {
        const Outcome got = work_through(
            once("laser_ageing", "    power: 0.2\n    over_s: 0.001\n    for_s: 100\n"), batches);
        CAPTURE(got.stop);
        CHECK(got.stop.find("look at the laser") != std::string::npos);
    }
    SUBCASE("the interlock stops at once, with the laser's own words") {
        const Outcome got = work_through(once("interlock"), batches);
        CHECK(got.stop.find("interlock opened") != std::string::npos);
        CHECK(got.stop.find("[refused]") != std::string::npos);
    }
    SUBCASE("a patch of stuck mirrors: the matrix is measured again") {
        const Outcome got = work_through(once("stuck_mirrors", "    mirrors: 3000\n"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::matrix_measured) == 1);
        CHECK(got.health.correlation_loss < 0.01);
    }
    SUBCASE("hot pixels are found and left out") {
        const Outcome got = work_through(once("hot_pixels", "    pixels: 6\n"), batches);
        REQUIRE(got.stop == "");
        CHECK(got.noticed.count(Notice::hot_pixels) == 1);
        CHECK(got.health.hot_pixels == 6);
        CHECK(difference(got.out, honest) < 0.02);
    }
}

TEST_CASE("a frame that is taken again later is no jump of the phase") {
    // The arms drift by radians within a hundredth of a second, and by tenths from frame to frame.
    // A surge over a few frames in mid-run: they are taken again, in a run of their own.
    const sim::FaultSchedule faults =
        sim::parse_faults(once("saturation", "    power: 6\n    for_s: 0.0004\n"), "test.yaml");
    const sim::Scene scene =
        tests::small_lab({"stability.drift_rad=100", "stability.drift_time_s=0.05"});
    const auto bench = sim::make_simulated_bench(scene, {.faults = &faults});
    calibration::Record record = tests::quiet_record(scene);
    projection::OpticalOptions options;
    std::set<Notice> noticed;
    options.on_notice = [&](Notice kind, const std::string&) { noticed.insert(kind); };
    OpticalProjector projector(*bench, record, options);
    Matrix out;
    for (int batch = 0; batch < 4; ++batch) projector.project(ternary(24), out);
    CHECK(noticed.count(Notice::frames_unread) == 1);
    CHECK(noticed.count(Notice::phase_jump) == 0);
    CHECK(projector.health().phase_jumps == 0);
    CHECK(projector.health().largest_phase_step_rad < 1);
}
