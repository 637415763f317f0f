// The Dmd contract, sentence by sentence. Light and a camera are the witnesses of what the mirrors
// show.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/host_time.h"
#include "contract/trial.h"

namespace opal::contract {

using namespace std::chrono_literals;

namespace {

void dmd_limits(Trial& trial) {
    hal::Dmd& dmd = trial.bench().dmd();
    const hal::DmdInfo info = dmd.info();
    OPAL_REQUIRE(info.memory_patterns >= 4);
    const RunTiming timing = comfortable_timing(trial.bench(), 100us);
    const std::vector<hal::BitPattern> right(2, plain_pattern(info, true));
    const std::vector<hal::BitPattern> wrong(1, hal::BitPattern(info.rows, info.columns + 1));

    check_fault(trial, hal::ErrorKind::out_of_range,
                {std::to_string(info.rows), std::to_string(info.columns)},
                [&] { dmd.load(0, wrong); });
    check_fault(trial, hal::ErrorKind::out_of_range, {std::to_string(info.memory_patterns - 1)},
                [&] { dmd.load(info.memory_patterns - 1, right); });
    check_fault(trial, hal::ErrorKind::out_of_range, {}, [&] { dmd.load(0xFFFFFFFFu, right); });

    dmd.load(0, right);
    hal::PatternSequence sequence = sequence_of(2, timing);
    check_fault(trial, hal::ErrorKind::out_of_range, {std::to_string(info.max_entries)},
                [&] { dmd.program({}); });
    check_fault(trial, hal::ErrorKind::out_of_range, {std::to_string(info.max_entries)}, [&] {
        hal::PatternSequence longer;
        longer.entries.assign(info.max_entries + 1u, sequence.entries[0]);
        dmd.program(longer);
    });
    check_fault(trial, hal::ErrorKind::out_of_range, {std::to_string(info.memory_patterns - 1)},
                [&] {
                    hal::PatternSequence beyond = sequence;
                    beyond.entries[1].slot = info.memory_patterns;
                    dmd.program(beyond);
                });
    const auto min_us = std::chrono::duration_cast<std::chrono::microseconds>(info.min_exposure);
    check_fault(trial, hal::ErrorKind::out_of_range, {std::to_string(min_us.count()) + " us"}, [&] {
        hal::PatternSequence hasty = sequence;
        hasty.entries[0].exposure = info.min_exposure - 1us;
        dmd.program(hasty);
    });
    check_fault(trial, hal::ErrorKind::out_of_range, {"exposure"}, [&] {
        hal::PatternSequence endless = sequence;
        endless.entries[0].exposure = hal::Duration::max();
        dmd.program(endless);
    });
    check_fault(trial, hal::ErrorKind::out_of_range, {"dark"}, [&] {
        hal::PatternSequence endless = sequence;
        endless.entries[1].dark = hal::Duration::max();
        dmd.program(endless);
    });
}

void dmd_dark(Trial& trial) {
    hal::Dmd& dmd = trial.bench().dmd();
    const hal::DmdInfo info = dmd.info();
    if (info.min_dark <= 0us) return;  // this device's pulses end by themselves
    const RunTiming timing = comfortable_timing(trial.bench(), 100us);
    dmd.load(0, std::vector<hal::BitPattern>(2, plain_pattern(info, true)));
    hal::PatternSequence sequence = sequence_of(2, timing);

    sequence.entries[0].dark = 0us;
    check_fault(trial, hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].dark = info.min_dark - 1us;
    check_fault(trial, hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].dark = info.min_dark;
    sequence.entries[1].dark = 0us;
    dmd.program(sequence);  // nothing follows the last entry
    sequence.repeat = true;
    check_fault(trial, hal::ErrorKind::out_of_range, {}, [&] { dmd.program(sequence); });
    sequence.entries[0].trigger_out = false;
    dmd.program(sequence);  // what follows sends no edge
}

void dmd_never_loaded(Trial& trial) {
    hal::Dmd& dmd = trial.bench().dmd();
    const RunTiming timing = comfortable_timing(trial.bench(), 100us);
    check_fault(trial, hal::ErrorKind::wrong_state, {"program"}, [&] { dmd.start(); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"load"},
                [&] { dmd.program(sequence_of(1, timing)); });
    dmd.load(0, std::vector<hal::BitPattern>(1, plain_pattern(dmd.info(), true)));
    check_fault(trial, hal::ErrorKind::wrong_state, {"slot 1", "load"},
                [&] { dmd.program(sequence_of(2, timing)); });
}

void dmd_running(Trial& trial) {
    hal::Dmd& dmd = trial.bench().dmd();
    const RunTiming timing = comfortable_timing(trial.bench(), 100us);
    const std::vector<hal::BitPattern> patterns(1, plain_pattern(dmd.info(), true));
    dmd.stop();
    dmd.load(0, patterns);
    hal::PatternSequence sequence = sequence_of(1, timing);
    sequence.repeat = true;
    dmd.program(sequence);
    OPAL_EXPECT(!dmd.status().running);
    dmd.start();
    OPAL_EXPECT(dmd.status().running);
    check_fault(trial, hal::ErrorKind::wrong_state, {"stop"}, [&] { dmd.load(0, patterns); });
    check_fault(trial, hal::ErrorKind::wrong_state, {"stop"}, [&] { dmd.program(sequence); });
    OPAL_EXPECT(dmd.status().running);
    dmd.stop();
    OPAL_EXPECT(!dmd.status().running);
    dmd.stop();
    dmd.load(0, patterns);
    dmd.program(sequence);
}

void dmd_counts(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Dmd& dmd = bench.dmd();
    constexpr std::int64_t entries = 3;  // signed, as times are
    dmd.load(0, std::vector<hal::BitPattern>(entries, plain_pattern(dmd.info(), true)));
    patiently(trial, [&](hal::Duration slower) {
        RunTiming timing = comfortable_timing(bench, 100us);
        timing.dark = counted(dmd.info(), timing.dark + slower);
        const hal::Duration period = timing.pattern + timing.dark;
        const hal::Duration inexact = trial.time_tolerance();
        dmd.stop();
        dmd.program(sequence_of(entries, timing));
        bool told = true;
        // Count and end are what the times since the start allow.
        const auto check = [&](const Apart& since, const hal::DmdStatus& status) {
            const std::uint64_t least = begun(since.least - inexact, period, entries);
            const std::uint64_t most = begun(since.most + inexact, period, entries);
            OPAL_EXPECT(status.entries_started >= least);
            OPAL_EXPECT(status.entries_started <= most);
            if (least != most) told = false;
        };
        const auto look = [&](const Happened& start) {
            hal::DmdStatus status;
            const Happened looked = happened(bench.clock(), [&] { status = dmd.status(); });
            const Apart since = apart(start, looked);
            check(since, status);
            if (since.most + inexact < entries * period)
                OPAL_EXPECT(status.running);
            else if (since.least - inexact >= entries * period)
                OPAL_EXPECT(!status.running);
            else
                told = false;
        };
        const Happened first = happened(bench.clock(), [&] { dmd.start(); });
        look(first);
        bench.clock().wait_until(first.to + period + period / 2);
        look(first);
        bench.clock().wait_until(first.to + 4 * period);
        look(first);

        const Happened second = happened(bench.clock(), [&] { dmd.start(); });
        look(second);
        bench.clock().wait_until(second.to + period / 2);
        look(second);
        const Happened stop = happened(bench.clock(), [&] { dmd.stop(); });
        const hal::DmdStatus stopped = dmd.status();
        check(apart(second, stop), stopped);
        bench.clock().wait_for(2 * period);
        OPAL_EQUAL(dmd.status().entries_started, stopped.entries_started);
        OPAL_EXPECT(!dmd.status().running);
        return told;
    });
}

void dmd_restarts(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Dmd& dmd = bench.dmd();
    const auto light = full_light(bench);
    dmd.load(0, std::vector{plain_pattern(dmd.info(), true), plain_pattern(dmd.info(), false),
                            plain_pattern(dmd.info(), false)});
    patiently(trial, [&](hal::Duration slower) {
        constexpr std::size_t room = 64;
        constexpr std::size_t looks = 3;
        RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
        timing.dark = counted(dmd.info(), timing.dark + slower);
        const hal::Duration period = timing.pattern + timing.dark;
        // An edge that is out of step has to be so by more than edges are inexact.
        if (period <= 3 * trial.time_tolerance()) return false;
        hal::PatternSequence sequence = sequence_of(3, timing);
        sequence.repeat = true;
        dmd.stop();
        dmd.program(sequence);
        hal::Frame frame;
        for (int start = 0; start < 3; ++start) {
            if (start == 2) dmd.stop();
            const Happened armed = happened(bench.clock(), [&] { bench.camera().arm(room); });
            const Happened began = happened(bench.clock(), [&] { dmd.start(); });
            // Where commands take their time the old run goes on for a moment.
            const auto old =
                static_cast<std::size_t>(start == 1 ? apart(armed, began).most / period + 1 : 0);
            if (old + looks > room) {
                bench.camera().disarm();
                return false;
            }
            std::vector<double> contrasts;
            std::vector<hal::Duration> times;
            while (contrasts.size() < old + looks) {
                OPAL_REQUIRE(bench.camera().receive(
                    frame, hal::Deadline::after(bench.clock(), 5s + 2 * period)));
                contrasts.push_back(fringe_contrast(frame));
                times.push_back(frame.device_time);
            }
            bench.camera().disarm();
            bench.clock().wait_for(timing.pattern / 2);
            // The new one begins where the edges are out of step. White is entry 0 and has more
            // fringes than the black entry 1.
            std::size_t first = 0;
            for (std::size_t i = 1; i <= old; ++i)
                if (std::chrono::abs(times[i] - times[i - 1] - period) >
                    trial.time_tolerance() + 1us)
                    first = i;
            OPAL_EXPECT(contrasts[first] > 1.2 * contrasts[first + 1]);
            OPAL_EXPECT(contrasts[first] > 1.2 * contrasts[first + 2]);
        }
        dmd.stop();
        return true;
    });
}

void dmd_edges(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    dmd.load(0, std::vector<hal::BitPattern>(4, plain_pattern(dmd.info(), true)));
    hal::PatternSequence sequence = sequence_of(4, timing);
    const bool one_timing = dmd.info().one_timing;
    if (one_timing) {
        dmd.program(sequence);
        bench.camera().arm(4);
        dmd.start();
        const auto frames = receive_all(bench, 4);
        OPAL_REQUIRE_EQUAL(frames.size(), 4);
        const hal::Duration whole = frames[3].device_time - frames[0].device_time;
        OPAL_EXPECT(std::chrono::abs(whole - 3 * (timing.pattern + timing.dark)) <=
                    trial.time_tolerance());
        dmd.stop();
        bench.camera().disarm();
    }
    sequence.entries[0].exposure += 37us;
    sequence.entries[1].dark += 1234us;
    sequence.entries[2].trigger_out = false;
    if (one_timing) {
        check_fault(trial, hal::ErrorKind::unsupported, {}, [&] { dmd.program(sequence); });
        return;
    }
    dmd.program(sequence);
    bench.camera().arm(4);
    dmd.start();
    const auto frames = receive_all(bench, 3);
    OPAL_REQUIRE_EQUAL(frames.size(), 3);  // entry 2 sends no edge
    const hal::Duration period = timing.pattern + timing.dark;
    const hal::Duration tolerance = trial.time_tolerance();
    const hal::Duration first = frames[1].device_time - frames[0].device_time;
    const hal::Duration second = frames[2].device_time - frames[1].device_time;
    OPAL_EXPECT(std::chrono::abs(first - (period + 37us)) <= tolerance);
    OPAL_EXPECT(std::chrono::abs(second - (2 * period + 1234us)) <= tolerance);
}

void dmd_keeps_program(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, 100us);
    dmd.load(0, std::vector<hal::BitPattern>(2, plain_pattern(dmd.info(), true)));
    dmd.program(sequence_of(2, timing));
    check_fault(trial, hal::ErrorKind::out_of_range, {}, [&] { dmd.program({}); });
    bench.camera().arm(4);
    dmd.start();
    OPAL_EQUAL(receive_all(bench, 2).size(), 2);
}

void dmd_memory(Trial& trial) {
    hal::Bench& bench = trial.bench();
    hal::Dmd& dmd = bench.dmd();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const std::vector<hal::BitPattern> white(1, plain_pattern(dmd.info(), true));
    const std::vector<hal::BitPattern> black(1, plain_pattern(dmd.info(), false));
    const auto first_over_second = [&] {
        bench.camera().arm(4);
        dmd.start();
        const auto frames = receive_all(bench, 2);
        bench.camera().disarm();
        OPAL_REQUIRE_EQUAL(frames.size(), 2);
        return fringe_contrast(frames[0]) / fringe_contrast(frames[1]);
    };
    dmd.load(0, white);
    dmd.load(1, black);
    dmd.program(sequence_of(2, timing));
    OPAL_EXPECT(first_over_second() > 1.2);
    OPAL_EXPECT(first_over_second() > 1.2);
    dmd.program(sequence_of(2, timing));
    OPAL_EXPECT(first_over_second() > 1.2);
    dmd.load(0, black);
    dmd.load(1, white);
    OPAL_EXPECT(first_over_second() < 1 / 1.2);
}

void dmd_trigger_in(Trial& trial) {
    hal::Dmd& dmd = trial.bench().dmd();
    const RunTiming timing = comfortable_timing(trial.bench(), 100us);
    dmd.load(0, std::vector<hal::BitPattern>(1, plain_pattern(dmd.info(), true)));
    hal::PatternSequence sequence = sequence_of(1, timing);
    sequence.entries[0].start_on = hal::StartOn::trigger_in;
    if (trial.rig().has_trigger_input())
        dmd.program(sequence);
    else
        check_fault(trial, hal::ErrorKind::unsupported, {"previous_end"},
                    [&] { dmd.program(sequence); });
}

}  // namespace

std::vector<Check> dmd_checks() {
    return {
        {"dmd", "Dmd: out_of_range before anything is sent, with the limit", Light::none, false,
         &dmd_limits},
        {"dmd", "Dmd: dark times that do not end the trigger pulse are refused", Light::none, false,
         &dmd_dark},
        {"dmd", "Dmd: slots never loaded and missing programs are wrong_state", Light::none, true,
         &dmd_never_loaded},
        {"dmd", "Dmd: load and program while running are wrong_state; stop is idempotent",
         Light::none, false, &dmd_running},
        {"dmd", "Dmd: a sequence runs to the end of its last dark time and is counted", Light::none,
         false, &dmd_counts},
        {"dmd", "Dmd: every start begins with entry 0, also while running", Light::emits, false,
         &dmd_restarts},
        {"dmd", "Dmd: edges come at start + the sum of exposures and darks before", Light::none,
         false, &dmd_edges},
        {"dmd", "Dmd: a refused program leaves the one before it", Light::none, false,
         &dmd_keeps_program},
        {"dmd", "Dmd: patterns stay until overwritten; overwriting shows at the next start",
         Light::emits, false, &dmd_memory},
        {"dmd", "Dmd: waiting for a trigger input that is not there is unsupported", Light::none,
         false, &dmd_trigger_in},
    };
}

}  // namespace opal::contract
