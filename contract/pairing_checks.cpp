// What goes wrong between a DMD and a camera in a lab, and how a bench shows it: wrong timing gives
// gaps, missed edges and mixed frames, never an error and never a silent repair. The acquisition
// has to be able to see each of these.
//   How alike two frames of one pattern are is measured first. On a bench without noise
// and drift that is exactly, and then equal is asked for.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/host_time.h"
#include "contract/trial.h"

namespace opal::contract {

using namespace std::chrono_literals;

namespace {

// One frame per pattern, each shown alone and for long, with software triggers: nothing to mispair.
std::vector<hal::Frame> stepped_frames(Trial& trial, const RunTiming& timing,
                                       const std::vector<hal::BitPattern>& patterns) {
    hal::Bench& bench = trial.bench();
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    std::vector<hal::Frame> frames;
    for (const hal::BitPattern& pattern : patterns) {
        bench.dmd().load(0, std::span(&pattern, 1));
        hal::PatternSequence still = sequence_of(1, timing);
        still.entries[0].trigger_out = bench.dmd().info().one_timing;  // nobody listens
        still.entries[0].dark = 0us;
        still.repeat = true;
        bench.dmd().program(still);
        bench.camera().arm(1);
        bench.dmd().start();
        bench.clock().wait_for(bench.dmd().info().settle_time + 1ms);
        bench.camera().trigger();
        hal::Frame frame;
        OPAL_REQUIRE(bench.camera().receive(frame, hal::Deadline::after(bench.clock(), 5s)));
        frames.push_back(frame);
        bench.camera().disarm();
        bench.dmd().stop();
    }
    bench.camera().configure(line_settings(bench.camera(), timing));
    return frames;
}

// The pattern times as far as this DMD counts them.
RunTiming counted(const hal::DmdInfo& info, RunTiming timing) {
    timing.pattern = contract::counted(info, timing.pattern);
    timing.dark = contract::counted(info, timing.dark);
    return timing;
}

// `expected`: how many come when all is well; 0: one per pattern.
std::vector<hal::Frame> triggered_frames(hal::Bench& bench, const RunTiming& timing,
                                         const std::vector<hal::BitPattern>& patterns,
                                         std::size_t expected = 0) {
    bench.camera().configure(line_settings(bench.camera(), timing));
    bench.dmd().load(0, patterns);
    bench.dmd().program(sequence_of(static_cast<std::uint32_t>(patterns.size()), timing));
    bench.camera().arm(patterns.size());
    bench.dmd().start();
    auto frames = receive_all(bench, expected > 0 ? expected : patterns.size());
    bench.camera().disarm();
    return frames;
}

// Frames of patterns that are known to be right, and what another frame of one of them looks like.
class Known {
public:
    Known(hal::Bench& bench, const RunTiming& timing, const std::vector<hal::BitPattern>& patterns)
        : frames_(triggered_frames(bench, timing, patterns)) {
        for (int again = 0; again < 2; ++again) {
            const auto more = triggered_frames(bench, timing, patterns);
            for (std::size_t k = 0; k < std::min(frames_.size(), more.size()); ++k)
                repeatability_dn_ =
                    std::max(repeatability_dn_, rms_difference(more[k], frames_[k]));
        }
    }
    std::size_t size() const { return frames_.size(); }
    const hal::Frame& operator[](std::size_t k) const { return frames_[k]; }
    // True if `frame` shows pattern k: as near to it as it comes to itself, and nearer than to any
    // other.
    bool shows(const hal::Frame& frame, std::size_t k) const {
        const double here = rms_difference(frame, frames_[k]);
        for (std::size_t other = 0; other < frames_.size(); ++other)
            if (other != k && rms_difference(frame, frames_[other]) <= here) return false;
        return here <= 2 * repeatability_dn_;
    }

private:
    std::vector<hal::Frame> frames_;
    double repeatability_dn_ = 0;
};

void pairing_stepped(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 6);
    const auto stepped = stepped_frames(trial, timing, patterns);
    const Known triggered(bench, timing, patterns);
    OPAL_REQUIRE_EQUAL(triggered.size(), patterns.size());
    for (std::size_t k = 0; k < patterns.size(); ++k) OPAL_EXPECT(triggered.shows(stepped[k], k));
}

void pairing_late(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    const Known right(bench, timing, patterns);
    patiently(trial, [&](hal::Duration slower) {
        RunTiming slow = timing;
        slow.dark += slower;
        slow = counted(bench.dmd().info(), slow);
        const hal::Duration period = slow.pattern + slow.dark;
        bench.dmd().stop();
        bench.dmd().program(sequence_of(4, slow));
        const Happened start = happened(bench.clock(), [&] { bench.dmd().start(); });
        bench.clock().wait_for(10us);
        const Happened armed = happened(bench.clock(), [&] { bench.camera().arm(4); });
        const bool told = apart(start, armed).most + trial.time_tolerance() < period;
        if (told) {
            const auto late = receive_all(bench, 3, 50ms + 2 * period);
            OPAL_REQUIRE_EQUAL(late.size(), 3);
            OPAL_EQUAL(late[0].frame_id, 0);
            OPAL_EQUAL(bench.camera().status().missed_triggers, 0);
            OPAL_EXPECT(right.shows(late[0], 1));
        }
        bench.camera().disarm();
        return told;
    });
}

void pairing_extra(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 4);
    const Known right(bench, timing, patterns);
    patiently(trial, [&](hal::Duration slower) {
        RunTiming slow = timing;
        slow.dark += slower;
        slow = counted(bench.dmd().info(), slow);
        const hal::Duration period = slow.pattern + slow.dark;
        bench.dmd().stop();
        bench.dmd().program(sequence_of(4, slow));
        const Happened old = happened(bench.clock(), [&] { bench.dmd().start(); });
        bench.clock().wait_until(old.to + 2 * period + period / 4);
        const Happened armed = happened(bench.clock(), [&] { bench.camera().arm(8); });
        const Apart late = apart(old, armed);
        // Entry 3 of the old run goes by, and its frame is finished.
        bench.clock().wait_until(old.to + 4 * period - period / 4);
        const Happened again = happened(bench.clock(), [&] { bench.dmd().start(); });
        const bool told = late.least > 2 * period + trial.time_tolerance() &&
                          late.most < 3 * period - trial.time_tolerance() &&
                          apart(old, again).least > 3 * period + slow.pattern;
        if (told) {
            const auto frames = receive_all(bench, 5, 50ms + 2 * period);
            OPAL_REQUIRE_EQUAL(frames.size(), 5);
            OPAL_EXPECT(right.shows(frames[0], 3));
            for (std::size_t k = 0; k < 4; ++k) OPAL_EXPECT(right.shows(frames[k + 1], k));
            // The time stamps give it away: the first interval is not the pattern period.
            OPAL_EXPECT(std::chrono::abs(frames[1].device_time - frames[0].device_time - period) >
                        1us);
        }
        bench.camera().disarm();
        return told;
    });
}

void pairing_warm_up(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const hal::Duration warm_up = bench.laser().info().warm_up;
    if (warm_up < 10ms) trial.skip("this laser needs no warm-up");
    const auto patterns = striped_patterns(bench.dmd().info(), 2);
    patiently(trial, [&](hal::Duration) {
        bench.laser().arm(bench.laser_limit_mw());
        bench.laser().set_power(bench.laser_limit_mw());
        // Everything is ready, so that little time passes between light and frames.
        bench.camera().configure(line_settings(bench.camera(), timing));
        bench.dmd().load(0, patterns);
        bench.dmd().program(sequence_of(2, timing));
        bench.camera().arm(2);
        const Happened emitted = happened(bench.clock(), [&] { bench.laser().emit(); });
        bench.clock().wait_until(emitted.to + warm_up / 8);
        const Happened began = happened(bench.clock(), [&] { bench.dmd().start(); });
        const bool told = apart(emitted, began).most + timing.pattern < warm_up * 2 / 5;
        const auto first = receive_all(bench, 2);
        bench.camera().disarm();
        OPAL_REQUIRE_EQUAL(first.size(), 2);
        const double cold = mean_count(first[0]);
        bench.clock().wait_until(began.to + warm_up);
        const auto lit = triggered_frames(bench, timing, patterns);
        bench.laser().off();
        const auto unlit = triggered_frames(bench, timing, patterns);
        OPAL_REQUIRE_EQUAL(lit.size(), 2);
        OPAL_REQUIRE_EQUAL(unlit.size(), 2);
        if (told) OPAL_EXPECT(mean_count(lit[0]) > 2 * cold);
        OPAL_EXPECT(cold > mean_count(unlit[0]) + 1);
        return told;
    });
}

void pairing_dead_time(Trial& trial) {
    hal::Bench& bench = trial.bench();
    RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto patterns = striped_patterns(bench.dmd().info(), 6);
    const Known right(bench, timing, patterns);
    const hal::Duration busy =
        timing.camera_delay + timing.camera_exposure + bench.camera().status().dead_time;
    timing.dark = bench.dmd().info().min_dark;
    timing.pattern = busy * 2 / 3 - timing.dark - bench.dmd().info().time_step;
    timing = counted(bench.dmd().info(), timing);
    if (timing.pattern < bench.dmd().info().min_exposure)
        trial.skip("the camera is ready again before the DMD can show the next pattern");
    // The pattern must still cover the exposure, or frames would be mixed as well.
    if (timing.pattern <= timing.camera_delay + timing.camera_exposure)
        trial.skip("the camera reads out too fast for its exposure");
    const auto hasty = triggered_frames(bench, timing, patterns, 3);
    OPAL_REQUIRE_EQUAL(hasty.size(), 3);
    OPAL_EQUAL(bench.camera().status().missed_triggers, 3);
    for (std::size_t i = 0; i < hasty.size(); ++i) {
        OPAL_EQUAL(hasty[i].frame_id, i);  // contiguous: ids do not tell, time stamps and count do
        OPAL_EXPECT(right.shows(hasty[i], 2 * i));
    }
}

void pairing_early(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const auto lag = trial.rig().mirror_lag();
    if (!lag) trial.skip("when the mirrors move after the edge is not known here");
    RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto white = plain_pattern(bench.dmd().info(), true);
    const auto black = plain_pattern(bench.dmd().info(), false);
    const auto right = triggered_frames(bench, timing, {black, white});
    timing.camera_delay = 0us;
    timing.dark += bench.dmd().info().settle_time + 10us;
    timing.pattern =
        std::max<hal::Duration>(bench.dmd().info().min_exposure, timing.camera_exposure + 120us);
    timing = counted(bench.dmd().info(), timing);
    const auto early = triggered_frames(bench, timing, {black, white});
    OPAL_REQUIRE_EQUAL(early.size(), 2);
    // Counts are linear in light: the frame is the mixture of both, in shares of the exposure.
    const double mixed = (mean_count(right[1]) - mean_count(early[1])) /
                         (mean_count(right[1]) - mean_count(right[0]));
    const double share =
        static_cast<double>(lag->count()) / static_cast<double>(timing.camera_exposure.count());
    OPAL_EXPECT(share > 0.05);
    OPAL_NEAR(mixed, share, 0.1);
}

void pairing_long(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const auto lag = trial.rig().mirror_lag();
    if (!lag) trial.skip("when the mirrors move after the edge is not known here");
    RunTiming timing = comfortable_timing(bench, trial.lit_exposure());
    const auto light = full_light(bench);
    const auto white = plain_pattern(bench.dmd().info(), true);
    const auto black = plain_pattern(bench.dmd().info(), false);
    const auto right = triggered_frames(bench, timing, {white, black});
    // White for half of the exposure, then all off.
    timing.camera_delay += timing.pattern - timing.camera_delay - timing.camera_exposure / 2 + *lag;
    timing.dark += 1ms;
    timing = counted(bench.dmd().info(), timing);
    const auto late = triggered_frames(bench, timing, {white, black});
    OPAL_REQUIRE_EQUAL(late.size(), 2);
    const double share = (mean_count(late[0]) - mean_count(right[1])) /
                         (mean_count(right[0]) - mean_count(right[1]));
    OPAL_NEAR(share, 0.5, 0.05);
}

}  // namespace

std::vector<Check> pairing_checks() {
    return {
        {"pairing", "Pairing: triggered by the line or stepped by software, the same frames",
         Light::emits, false, &pairing_stepped},
        {"pairing", "Pairing: armed late, the first frames are missing and only the count tells",
         Light::emits, false, &pairing_late},
        {"pairing", "Pairing: armed while an old sequence runs, its frames come first",
         Light::emits, false, &pairing_extra},
        {"pairing", "Pairing: emission just begun, the first frames are dim", Light::emits, false,
         &pairing_warm_up},
        {"pairing", "Pairing: a period inside the dead time loses every k-th edge", Light::emits,
         false, &pairing_dead_time},
        {"pairing",
         "Pairing: opened before the mirrors settle, the frame holds what was there before",
         Light::emits, false, &pairing_early},
        {"pairing", "Pairing: an exposure longer than the pattern mixes it with the next",
         Light::emits, false, &pairing_long},
    };
}

}  // namespace opal::contract
