// Acquisition: a list of patterns -> one frame each, with the pairing proven (see docs/pairing.md).
//
//   shown:   black white black | pattern 0 ... pattern n-1 | white
//   checked: grey level of the four sentinels, contiguous frame ids, time stamps at the pattern
//   period, count
//
// A run that fails any check is stopped, drained and repeated, at most `max_attempts` times, and
// reported; a shift is never repaired. The identity code inside each pattern is checked by whoever
// can demodulate (projection/).
#pragma once

#include "hal/bench.h"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::calibration {

// Thrown when the user asked to stop (Ctrl-C). Not a fault; guards on the stack do their work on
// the way out.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

struct Timing {
    hal::Duration exposure{0};       // camera
    hal::Duration trigger_delay{0};  // camera, after the DMD's edge: mirrors have settled
    hal::Duration pattern{0};        // DMD exposure per pattern
    hal::Duration dark{0};           // DMD dark time after it
    hal::Duration period() const { return pattern + dark; }
};

struct AcquisitionStats {
    std::uint64_t frames = 0;  // delivered and paired
    std::uint64_t runs = 0;
    std::uint64_t repeated_runs = 0;
    std::string last_failure;  // why the last repeated run was repeated
};

class Acquisition {
public:
    // `grey_threshold_dn`: mean count between black and white; 0: learn it from the first run's
    // sentinels.
    Acquisition(hal::Bench& bench, hal::Region region, hal::PixelFormat format, Timing timing,
                std::stop_token stop = {});

    // Shows the patterns in order and hands each frame to `sink(index, frame)` in order, with
    // frame.pattern set. The laser must be emitting. Longer lists than the DMD's memory are split.
    // If a run is repeated, sink sees its indices again from the run's first one: it must
    // overwrite. Throws DeviceError{mispaired} after max_attempts, Interrupted when stopped.
    using Sink = std::function<void(std::size_t index, const hal::Frame& frame)>;
    void acquire(std::span<const hal::BitPattern> patterns, const Sink& sink);

    // The slow twin and the reference for tests: one pattern at a time, software trigger, nothing
    // to mispair.
    void acquire_stepped(std::span<const hal::BitPattern> patterns, const Sink& sink);

    const AcquisitionStats& stats() const { return stats_; }
    static constexpr int max_attempts = 4;

private:
    hal::Bench& bench_;
    hal::Region region_;
    hal::PixelFormat format_;
    Timing timing_;
    std::stop_token stop_;
    AcquisitionStats stats_;
};

}  // namespace opal::calibration
