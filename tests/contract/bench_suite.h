// The Bench contract, sentence by sentence. A harness `H` owns a bench: `H().bench()`.
#pragma once

#include "tests/contract/bench_run.h"

namespace opal::contract {

TEST_CASE_TEMPLATE_DEFINE("Bench: a new one is dark, stopped and disarmed", H, bench_new) {
    H harness;
    hal::Bench& bench = harness.bench();
    CHECK(bench.laser().status().state == hal::LaserState::off);
    CHECK_FALSE(bench.dmd().status().running);
    CHECK_FALSE(bench.camera().status().armed);
    CHECK_FALSE(bench.name().empty());
    CHECK(bench.laser_limit_mw() > 0);
    CHECK(bench.laser_limit_mw() <= bench.laser().info().max_power_mw);
}

TEST_CASE_TEMPLATE_DEFINE("Bench: the devices say who they are and what they can do", H,
                          bench_info) {
    H harness;
    hal::Bench& bench = harness.bench();
    CHECK_FALSE(bench.dmd().info().model.empty());
    CHECK_FALSE(bench.camera().info().model.empty());
    CHECK_FALSE(bench.laser().info().model.empty());
    CHECK(bench.dmd().info().rows > 0);
    CHECK(bench.dmd().info().columns > 0);
    CHECK(bench.dmd().info().pitch_um > 0);
    CHECK(bench.dmd().info().max_entries > 0);
    CHECK(bench.camera().info().pitch_um > 0);
    CHECK(bench.camera().info().region_step_px > 0);
    CHECK(bench.camera().info().max_exposure > bench.camera().info().min_exposure);
    CHECK(bench.laser().info().wavelength_nm > 0);
    CHECK(&bench.dmd() == &bench.dmd());
    CHECK(&bench.camera().info() == &bench.camera().info());
}

TEST_CASE_TEMPLATE_DEFINE("Bench: the same bench opened again has the same identity", H,
                          bench_identity) {
    std::string first;
    {
        H harness;
        first = harness.bench().identity();
    }
    H again;
    CHECK_FALSE(first.empty());
    CHECK(again.bench().identity() == first);
}

TEST_CASE_TEMPLATE_DEFINE("Bench: a whole run gives one frame per pattern, twice", H, bench_run) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, std::chrono::microseconds(80));
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(4, timing));
    std::vector<hal::Frame> runs[2];
    for (auto& frames : runs) {
        bench.camera().arm(4);
        bench.dmd().start();
        frames = receive_all(bench);
        bench.camera().disarm();
        REQUIRE(frames.size() == 4);
    }
    // Frame k of the second run looks most like frame k of the first: the interferograms of
    // different patterns differ by more than the noise.
    for (std::size_t k = 0; k < 4; ++k)
        for (std::size_t other = 0; other < 4; ++other)
            if (other != k)
                CHECK(rms_difference(runs[1][k], runs[0][k]) <
                      rms_difference(runs[1][k], runs[0][other]));
}

#define OPAL_BENCH_SUITE(...)                               \
    TEST_CASE_TEMPLATE_INVOKE(bench_new, __VA_ARGS__);      \
    TEST_CASE_TEMPLATE_INVOKE(bench_info, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(bench_identity, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(bench_run, __VA_ARGS__)

}  // namespace opal::contract
