// Acquisition, the stepped path: one standing pattern and software triggers, so that there is
// nothing to mispair. Slow; the reference for the triggered path, and how its sentinels are
// learned.
#include "calibration/acquisition.h"
#include "calibration/run_guard.h"
#include "hal/error.h"

#include <fmt/format.h>

namespace opal::calibration {

namespace {

using hal::DeviceError;
using hal::ErrorKind;

void show(hal::Dmd& dmd, hal::Clock& clock, const hal::BitPattern& pattern) {
    dmd.stop();
    dmd.load(0, {&pattern, 1});
    hal::SequenceEntry entry;
    entry.slot = 0;
    entry.exposure = std::max<hal::Duration>(dmd.info().min_exposure, std::chrono::seconds(1));
    // The camera hears its software alone; a device that must send triggers may.
    entry.trigger_out = dmd.info().one_timing;
    dmd.program({{entry}, true});
    dmd.start();
    clock.wait_for(2 * dmd.info().settle_time);
}

}  // namespace

void Acquisition::acquire_stepped(std::span<const hal::BitPattern> patterns, const Sink& sink) {
    for (std::size_t i = 0; i < patterns.size(); ++i)
        acquire_still(patterns[i], 1, [&](std::size_t, const hal::Frame&) {
            frame_.pattern = static_cast<std::uint32_t>(i);
            sink(i, frame_);
        });
}

void Acquisition::acquire_still(const hal::BitPattern& pattern, std::size_t frames,
                                const Sink& sink) {
    if (frames == 0) return;
    RunGuard guard(bench_);
    hal::Camera& camera = bench_.camera();
    configure(hal::TriggerSource::software);
    show(bench_.dmd(), bench_.clock(), pattern);
    camera.arm(frames);
    for (std::size_t i = 0; i < frames; ++i) {
        poll_stop();
        camera.trigger();
        if (!camera.receive(frame_, patience()))
            throw DeviceError(
                ErrorKind::timeout, device(), "software trigger",
                fmt::format("exposure {} of {} was triggered and no frame came", i, frames));
        if (frame_.frame_id != i || frame_.status != hal::FrameStatus::complete ||
            frame_.region != region_ || frame_.format != format_)
            throw DeviceError(
                ErrorKind::mispaired, device(), "software trigger",
                fmt::format(
                    "frame {} was due; a frame with id {} came, {}", i, frame_.frame_id,
                    frame_.status == hal::FrameStatus::complete ? "complete" : "not complete"));
        frame_.pattern.reset();
        sink(i, frame_);
        bench_.clock().wait_for(camera.status().dead_time);
    }
}

void Acquisition::learn_sentinels() {
    const hal::DmdInfo& info = bench_.dmd().info();
    hal::BitPattern black(info.rows, info.columns);
    hal::BitPattern white = black;
    white.fill(0, 0, info.rows, info.columns, true);
    constexpr std::size_t looks = 3;
    // Shot noise alone gives white 5 % more contrast than black if the patterns make no fringes.
    constexpr double least_ratio = 1.3;
    Sentinels learned;
    for (bool last_try = false;; last_try = true) {
        learned = {};
        const auto look = [&](const hal::BitPattern& pattern, double& level) {
            acquire_still(pattern, looks, [&](std::size_t, const hal::Frame& frame) {
                level += fringe_contrast(frame) / looks;
                learned.white_count = mean_count(frame);  // white comes last
            });
        };
        look(black, learned.black);
        look(white, learned.white);
        if (learned.white >= least_ratio * learned.black) break;
        if (last_try)
            throw DeviceError(
                ErrorKind::mispaired, device(), "learn sentinels",
                fmt::format("a white and a black pattern look alike: fringe contrast {:.4f} and "
                            "{:.4f}, at least 1.3 : 1 is needed. Is the laser on, does light from "
                            "the DMD reach the camera, and does the DMD show what it is sent and "
                            "no splash screen?",
                            learned.white, learned.black));
        bench_.dmd().distrust();  // a spoilt upload looks like that too
    }
    sentinels_ = learned;
}

}  // namespace opal::calibration
