// The Dmd contract, sentence by sentence. A harness `H` owns a bench: `H().bench()`.
// Light and a camera are the witnesses of what the mirrors show.
#pragma once

#include "tests/contract/bench_run.h"

namespace opal::contract {

using namespace std::chrono_literals;

TEST_CASE_TEMPLATE_DEFINE("Dmd: out_of_range before anything is sent, with the limit", H,
                          dmd_limits) {
    H harness;
    hal::Dmd& dmd = harness.bench().dmd();
    const hal::DmdInfo info = dmd.info();
    REQUIRE(info.memory_patterns >= 4);
    const RunTiming timing = comfortable_timing(harness.bench(), 100us);
    const std::vector<hal::BitPattern> right(2, plain_pattern(info, true));
    const std::vector<hal::BitPattern> wrong(1, hal::BitPattern(info.rows, info.columns + 1));

    check_fault(hal::ErrorKind::out_of_range,
                {std::to_string(info.rows), std::to_string(info.columns)},
                [&] { dmd.load(0, wrong); });
    check_fault(hal::ErrorKind::out_of_range, {std::to_string(info.memory_patterns - 1)},
                [&] { dmd.load(info.memory_patterns - 1, right); });
    check_fault(hal::ErrorKind::out_of_range, {}, [&] { dmd.load(0xFFFFFFFFu, right); });

    dmd.load(0, right);
    hal::PatternSequence sequence = sequence_of(2, timing);
    check_fault(hal::ErrorKind::out_of_range, {std::to_string(info.max_entries)},
                [&] { dmd.program({}); });
    check_fault(hal::ErrorKind::out_of_range, {std::to_string(info.max_entries)}, [&] {
        hal::PatternSequence longer;
        longer.entries.assign(info.max_entries + 1u, sequence.entries[0]);
        dmd.program(longer);
    });
    check_fault(hal::ErrorKind::out_of_range, {std::to_string(info.memory_patterns - 1)}, [&] {
        hal::PatternSequence beyond = sequence;
        beyond.entries[1].slot = info.memory_patterns;
        dmd.program(beyond);
    });
    const auto min_us = std::chrono::duration_cast<std::chrono::microseconds>(info.min_exposure);
    check_fault(hal::ErrorKind::out_of_range, {std::to_string(min_us.count()) + " us"}, [&] {
        hal::PatternSequence hasty = sequence;
        hasty.entries[0].exposure = info.min_exposure - 1us;
        dmd.program(hasty);
    });
    check_fault(hal::ErrorKind::out_of_range, {"exposure"}, [&] {
        hal::PatternSequence endless = sequence;
        endless.entries[0].exposure = hal::Duration::max();
        dmd.program(endless);
    });
    check_fault(hal::ErrorKind::out_of_range, {"dark"}, [&] {
        hal::PatternSequence endless = sequence;
        endless.entries[1].dark = hal::Duration::max();
        dmd.program(endless);
    });
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: dark times that do not end the trigger pulse are refused", H,
                          dmd_dark) {
    H harness;
    hal::Dmd& dmd = harness.bench().dmd();
    const hal::DmdInfo info = dmd.info();
    if (info.min_dark <= 0us) return;  // this device's pulses end by themselves
    const RunTiming timing = comfortable_timing(harness.bench(), 100us);
    dmd.load(0, std::vector<hal::BitPattern>(2, plain_pattern(info, true)));
    hal::PatternSequence sequence = sequence_of(2, timing);

    sequence.entries[0].dark = 0us;
    check_fault(hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].dark = info.min_dark - 1us;
    check_fault(hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].dark = info.min_dark;
    sequence.entries[1].dark = 0us;
    dmd.program(sequence);  // nothing follows the last entry
    sequence.repeat = true;
    check_fault(hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].trigger_out = false;
    dmd.program(sequence);  // what follows sends no edge
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: slots never loaded and missing programs are wrong_state", H,
                          dmd_never_loaded) {
    H harness;
    hal::Dmd& dmd = harness.bench().dmd();
    const RunTiming timing = comfortable_timing(harness.bench(), 100us);
    check_fault(hal::ErrorKind::wrong_state, {"program"}, [&] { dmd.start(); });
    check_fault(hal::ErrorKind::wrong_state, {"load"},
                [&] { dmd.program(sequence_of(1, timing)); });
    dmd.load(0, std::vector<hal::BitPattern>(1, plain_pattern(dmd.info(), true)));
    check_fault(hal::ErrorKind::wrong_state, {"slot 1", "load"},
                [&] { dmd.program(sequence_of(2, timing)); });
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: load and program while running are wrong_state; stop is idempotent",
                          H, dmd_running) {
    H harness;
    hal::Dmd& dmd = harness.bench().dmd();
    const RunTiming timing = comfortable_timing(harness.bench(), 100us);
    const std::vector<hal::BitPattern> patterns(1, plain_pattern(dmd.info(), true));
    dmd.stop();
    dmd.load(0, patterns);
    hal::PatternSequence sequence = sequence_of(1, timing);
    sequence.repeat = true;
    dmd.program(sequence);
    CHECK_FALSE(dmd.status().running);
    dmd.start();
    CHECK(dmd.status().running);
    check_fault(hal::ErrorKind::wrong_state, {"stop"}, [&] { dmd.load(0, patterns); });
    check_fault(hal::ErrorKind::wrong_state, {"stop"}, [&] { dmd.program(sequence); });
    CHECK(dmd.status().running);
    dmd.stop();
    CHECK_FALSE(dmd.status().running);
    dmd.stop();
    dmd.load(0, patterns);
    dmd.program(sequence);
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: a sequence runs to the end of its last dark time and is counted", H,
                          dmd_counts) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    const hal::Duration period = timing.pattern + timing.dark;
    dmd.load(0, std::vector<hal::BitPattern>(3, plain_pattern(dmd.info(), true)));
    dmd.program(sequence_of(3, timing));
    dmd.start();
    const hal::Time start = bench.clock().now();
    CHECK(dmd.status().running);
    bench.clock().wait_until(start + period + period / 2);
    CHECK(dmd.status().entries_started == 2);
    CHECK(dmd.status().running);
    bench.clock().wait_until(start + 4 * period);
    CHECK(dmd.status().entries_started == 3);
    CHECK_FALSE(dmd.status().running);

    dmd.start();
    CHECK(dmd.status().running);
    bench.clock().wait_for(period / 2);
    CHECK(dmd.status().entries_started == 1);
    dmd.stop();
    bench.clock().wait_for(2 * period);
    CHECK(dmd.status().entries_started == 1);
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: every start begins with entry 0, also while running", H,
                          dmd_restarts) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    const auto light = full_light(bench);
    dmd.load(0, std::vector{plain_pattern(dmd.info(), true), plain_pattern(dmd.info(), false),
                            plain_pattern(dmd.info(), false)});
    hal::PatternSequence sequence = sequence_of(3, timing);
    sequence.repeat = true;
    dmd.program(sequence);
    hal::Frame frame;
    std::vector<double> means;
    for (int start = 0; start < 3; ++start) {
        if (start == 2) dmd.stop();
        // The first start is interrupted by the second one after a period and a half.
        bench.camera().arm(2);
        dmd.start();
        REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 50ms)));
        means.push_back(mean_count(frame));
        REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 50ms)));
        means.push_back(mean_count(frame));
        bench.camera().disarm();
        bench.clock().wait_for(timing.pattern / 2);
    }
    dmd.stop();
    // White is entry 0 and brighter than the black entry 1, each time by the same amount.
    for (std::size_t i = 0; i < means.size(); i += 2) CHECK(means[i] > 1.2 * means[i + 1]);
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: edges come at start + the sum of exposures and darks before", H,
                          dmd_edges) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    dmd.load(0, std::vector<hal::BitPattern>(4, plain_pattern(dmd.info(), true)));
    hal::PatternSequence sequence = sequence_of(4, timing);
    sequence.entries[0].exposure += 37us;
    sequence.entries[1].dark += 1234us;
    sequence.entries[2].trigger_out = false;
    dmd.program(sequence);
    bench.camera().arm(4);
    dmd.start();
    const auto frames = receive_all(bench);
    REQUIRE(frames.size() == 3);  // entry 2 sends no edge
    const hal::Duration period = timing.pattern + timing.dark;
    const hal::Duration tolerance = harness.time_tolerance();
    const hal::Duration first = frames[1].device_time - frames[0].device_time;
    const hal::Duration second = frames[2].device_time - frames[1].device_time;
    CHECK(std::chrono::abs(first - (period + 37us)) <= tolerance);
    CHECK(std::chrono::abs(second - (2 * period + 1234us)) <= tolerance);
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: a refused program leaves the one before it", H, dmd_keeps_program) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    dmd.load(0, std::vector<hal::BitPattern>(2, plain_pattern(dmd.info(), true)));
    dmd.program(sequence_of(2, timing));
    CHECK_THROWS_AS(dmd.program({}), hal::DeviceError);
    bench.camera().arm(4);
    dmd.start();
    CHECK(receive_all(bench).size() == 2);
}

TEST_CASE_TEMPLATE_DEFINE(
    "Dmd: patterns stay until overwritten; overwriting shows at the next start", H, dmd_memory) {
    H harness;
    hal::Bench& bench = harness.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    const auto light = full_light(bench);
    const std::vector<hal::BitPattern> white(1, plain_pattern(dmd.info(), true));
    const std::vector<hal::BitPattern> black(1, plain_pattern(dmd.info(), false));
    const auto first_mean = [&] {
        bench.camera().arm(4);
        dmd.start();
        const auto frames = receive_all(bench);
        bench.camera().disarm();
        REQUIRE(frames.size() == 2);
        return mean_count(frames[0]) / mean_count(frames[1]);
    };
    dmd.load(0, white);
    dmd.load(1, black);
    dmd.program(sequence_of(2, timing));
    CHECK(first_mean() > 1.2);
    CHECK(first_mean() > 1.2);
    dmd.program(sequence_of(2, timing));
    CHECK(first_mean() > 1.2);
    dmd.load(0, black);
    dmd.load(1, white);
    CHECK(first_mean() < 1 / 1.2);
}

TEST_CASE_TEMPLATE_DEFINE("Dmd: waiting for a trigger input that is not there is unsupported", H,
                          dmd_trigger_in) {
    H harness;
    hal::Dmd& dmd = harness.bench().dmd();
    const RunTiming timing = comfortable_timing(harness.bench(), 100us);
    dmd.load(0, std::vector<hal::BitPattern>(1, plain_pattern(dmd.info(), true)));
    hal::PatternSequence sequence = sequence_of(1, timing);
    sequence.entries[0].start_on = hal::StartOn::trigger_in;
    if constexpr (H::has_trigger_input)
        dmd.program(sequence);
    else
        check_fault(hal::ErrorKind::unsupported, {"previous_end"}, [&] { dmd.program(sequence); });
}

#define OPAL_DMD_SUITE(...)                                    \
    TEST_CASE_TEMPLATE_INVOKE(dmd_limits, __VA_ARGS__);        \
    TEST_CASE_TEMPLATE_INVOKE(dmd_dark, __VA_ARGS__);          \
    TEST_CASE_TEMPLATE_INVOKE(dmd_never_loaded, __VA_ARGS__);  \
    TEST_CASE_TEMPLATE_INVOKE(dmd_running, __VA_ARGS__);       \
    TEST_CASE_TEMPLATE_INVOKE(dmd_counts, __VA_ARGS__);        \
    TEST_CASE_TEMPLATE_INVOKE(dmd_restarts, __VA_ARGS__);      \
    TEST_CASE_TEMPLATE_INVOKE(dmd_edges, __VA_ARGS__);         \
    TEST_CASE_TEMPLATE_INVOKE(dmd_keeps_program, __VA_ARGS__); \
    TEST_CASE_TEMPLATE_INVOKE(dmd_memory, __VA_ARGS__);        \
    TEST_CASE_TEMPLATE_INVOKE(dmd_trigger_in, __VA_ARGS__)

}  // namespace opal::contract
