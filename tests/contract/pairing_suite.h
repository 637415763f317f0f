// What goes wrong between a DMD and a camera in a lab, and how a bench shows it: wrong timing gives
// gaps, missed edges and mixed frames, never an error and never a silent repair. The acquisition
// has to be able to see each of these. A harness `H` owns a bench: `H().bench()`, free of noise and
// drift, so that equal light means equal frames.
#pragma once

#include "tests/contract/bench_run.h"

namespace opal::contract {

using namespace std::chrono_literals;

// One frame per pattern, each shown alone and for long, with software triggers: nothing to mispair.
inline std::vector<hal::Frame> stepped_frames(hal::Bench& bench, const RunTiming& timing,
                                              const std::vector<hal::BitPattern>& patterns) {
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    std::vector<hal::Frame> frames;
    for (const hal::BitPattern& pattern : patterns) {
        bench.dmd().load(0, std::span(&pattern, 1));
        hal::PatternSequence still = sequence_of(1, timing);
        still.entries[0].trigger_out = false;
        still.entries[0].dark = 0us;
        still.repeat = true;
        bench.dmd().program(still);
        bench.camera().arm(1);
        bench.dmd().start();
        bench.clock().wait_for(bench.dmd().info().settle_time + 1ms);
        bench.camera().trigger();
        hal::Frame frame;
        REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 1s)));
        frames.push_back(frame);
        bench.camera().disarm();
        bench.dmd().stop();
    }
    bench.camera().configure(line_settings(bench.camera(), timing));
    return frames;
}

inline std::vector<hal::Frame> triggered_frames(hal::Bench& bench, const RunTiming& timing,
                                                const std::vector<hal::BitPattern>& patterns) {
    bench.camera().configure(line_settings(bench.camera(), timing));
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(static_cast<std::uint32_t>(patterns.size()), timing));
    bench.camera().arm(patterns.size());
    bench.dmd().start();
    auto frames = receive_all(bench);
    bench.camera().disarm();
    return frames;
}

TEST_CASE_TEMPLATE_DEFINE("Pairing: triggered by the line or stepped by software, the same frames",
                          H, pairing_stepped) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 80us);
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 6);
    const auto stepped = stepped_frames(bench, timing, patterns);
    const auto triggered = triggered_frames(bench, timing, patterns);
    REQUIRE(triggered.size() == patterns.size());
    for (std::size_t k = 0; k < patterns.size(); ++k) {
        CHECK(rms_difference(triggered[k], stepped[k]) <= H::repeatability_dn);
        CHECK(rms_difference(triggered[k], stepped[(k + 1) % 6]) > 20 * H::repeatability_dn + 1);
    }
}

TEST_CASE_TEMPLATE_DEFINE(
    "Pairing: armed late, the first frames are missing and only the count "
    "tells",
    H, pairing_late) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 80us);
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    const auto right = triggered_frames(bench, timing, patterns);
    bench.dmd().start();
    bench.clock().wait_for(10us);
    bench.camera().arm(4);
    const auto late = receive_all(bench);
    REQUIRE(late.size() == 3);
    CHECK(late[0].frame_id == 0);
    CHECK(bench.camera().status().missed_triggers == 0);
    CHECK(rms_difference(late[0], right[1]) <= H::repeatability_dn);
    CHECK(rms_difference(late[0], right[0]) > 20 * H::repeatability_dn + 1);
}

TEST_CASE_TEMPLATE_DEFINE("Pairing: armed while an old sequence runs, its frames come first", H,
                          pairing_extra) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 80us);
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    const auto right = triggered_frames(bench, timing, patterns);
    bench.dmd().start();
    bench.clock().wait_for(2 * (timing.pattern + timing.dark) + 10us);
    bench.camera().arm(8);
    // Entry 3 of the old run goes by, and its frame is finished.
    bench.clock().wait_for(2 * (timing.pattern + timing.dark) - 50us);
    bench.dmd().start();
    const auto frames = receive_all(bench);
    REQUIRE(frames.size() == 5);
    CHECK(rms_difference(frames[0], right[3]) <= H::repeatability_dn);
    for (std::size_t k = 0; k < 4; ++k)
        CHECK(rms_difference(frames[k + 1], right[k]) <= H::repeatability_dn);
    // The time stamps give it away: the first interval is not the pattern period.
    const hal::Duration period = timing.pattern + timing.dark;
    CHECK(std::chrono::abs(frames[1].device_time - frames[0].device_time - period) > 1us);
}

TEST_CASE_TEMPLATE_DEFINE("Pairing: emission just begun, the first frames are dim", H,
                          pairing_warm_up) {
    H harness;
    hal::Bench& bench = harness.bench();
    const RunTiming timing = comfortable_timing(bench, 80us);
    if (bench.laser().info().warm_up < 10ms) return;
    const auto patterns = striped_patterns(bench.dmd().info(), 2);
    bench.laser().arm(bench.laser_limit_mw());
    bench.laser().set_power(bench.laser_limit_mw());
    bench.laser().emit();
    bench.clock().wait_for(bench.laser().info().warm_up / 4);
    const double cold = mean_count(triggered_frames(bench, timing, patterns)[0]);
    bench.clock().wait_for(bench.laser().info().warm_up);
    const double warm = mean_count(triggered_frames(bench, timing, patterns)[0]);
    bench.laser().off();
    const double dark = mean_count(triggered_frames(bench, timing, patterns)[0]);
    CHECK(warm > 2 * cold);
    CHECK(cold > dark + 1);
}

TEST_CASE_TEMPLATE_DEFINE("Pairing: a period inside the dead time loses every k-th edge", H,
                          pairing_dead_time) {
    H harness;
    hal::Bench& bench = harness.bench();
    RunTiming timing = comfortable_timing(bench, 400us);
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 6);
    const auto right = triggered_frames(bench, timing, patterns);
    const hal::Duration busy =
        timing.camera_delay + timing.camera_exposure + bench.camera().status().dead_time;
    timing.dark = bench.dmd().info().min_dark;
    timing.pattern = busy * 2 / 3 - timing.dark;
    // The pattern must still cover the exposure, or frames would be mixed as well.
    REQUIRE(timing.pattern > timing.camera_delay + timing.camera_exposure);
    const auto hasty = triggered_frames(bench, timing, patterns);
    REQUIRE(hasty.size() == 3);
    CHECK(bench.camera().status().missed_triggers == 3);
    for (std::size_t i = 0; i < hasty.size(); ++i) {
        CHECK(hasty[i].frame_id == i);  // contiguous: ids do not tell, time stamps and count do
        CHECK(rms_difference(hasty[i], right[2 * i]) <= H::repeatability_dn);
    }
}

TEST_CASE_TEMPLATE_DEFINE(
    "Pairing: opened before the mirrors settle, the frame holds what was "
    "there before",
    H, pairing_early) {
    H harness;
    hal::Bench& bench = harness.bench();
    RunTiming timing = comfortable_timing(bench, 80us);
    const auto light = full_light(bench);
    const auto white = plain_pattern(bench.dmd().info(), true);
    const auto black = plain_pattern(bench.dmd().info(), false);
    const auto right = triggered_frames(bench, timing, {black, white});
    timing.camera_delay = 0us;
    timing.dark += bench.dmd().info().settle_time + 10us;
    timing.pattern = std::max<hal::Duration>(bench.dmd().info().min_exposure, 200us);
    const auto early = triggered_frames(bench, timing, {black, white});
    REQUIRE(early.size() == 2);
    // Counts are linear in light: the frame is the mixture of both, in shares of the exposure.
    const double mixed = (mean_count(right[1]) - mean_count(early[1])) /
                         (mean_count(right[1]) - mean_count(right[0]));
    const double share = harness.share_before_settled(bench, timing);
    CHECK(share > 0.05);
    CHECK(mixed == doctest::Approx(share).epsilon(0.1));
}

TEST_CASE_TEMPLATE_DEFINE("Pairing: an exposure longer than the pattern mixes it with the next", H,
                          pairing_long) {
    H harness;
    hal::Bench& bench = harness.bench();
    RunTiming timing = comfortable_timing(bench, 100us);
    const auto light = full_light(bench);
    const auto white = plain_pattern(bench.dmd().info(), true);
    const auto black = plain_pattern(bench.dmd().info(), false);
    const auto right = triggered_frames(bench, timing, {white, black});
    // White for half of the exposure, then all off.
    timing.camera_delay += timing.pattern - timing.camera_delay - timing.camera_exposure / 2 +
                           harness.edge_to_light_minus_edge_to_exposure(bench);
    timing.dark += 1ms;
    const auto late = triggered_frames(bench, timing, {white, black});
    REQUIRE(late.size() == 2);
    const double share = (mean_count(late[0]) - mean_count(right[1])) /
                         (mean_count(right[0]) - mean_count(right[1]));
    CHECK(share == doctest::Approx(0.5).epsilon(0.05));
}

#define OPAL_PAIRING_SUITE(...)                                \
    TEST_CASE_TEMPLATE_INVOKE(pairing_stepped, __VA_ARGS__);   \
    TEST_CASE_TEMPLATE_INVOKE(pairing_late, __VA_ARGS__);      \
    TEST_CASE_TEMPLATE_INVOKE(pairing_extra, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(pairing_warm_up, __VA_ARGS__);   \
    TEST_CASE_TEMPLATE_INVOKE(pairing_dead_time, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(pairing_early, __VA_ARGS__);     \
    TEST_CASE_TEMPLATE_INVOKE(pairing_long, __VA_ARGS__)

}  // namespace opal::contract
