// Acquisition: a list of patterns -> one frame each, with the pairing proven (docs/pairing.md).
//
//   shown:   black white black | pattern 0 ... pattern n-1 | white
//   checked: fringe contrast of the four sentinels, contiguous frame ids, time stamps at the
//            pattern period, count, silence afterwards
//
// Rule: a run that fails any check is stopped, drained and repeated as a whole, at most
// `max_attempts` times, and counted; a shift is never repaired. The identity code inside each
// pattern is checked by whoever can demodulate (pilot.h).
#pragma once

#include "hal/bench.h"
#include "hal/error.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::calibration {

// Thrown when the user asked to stop (Ctrl-C). Not a fault; guards on the stack do their work on
// the way out.
using hal::Interrupted;

struct Timing {
    hal::Duration exposure{0};       // camera
    hal::Duration trigger_delay{0};  // camera, after the DMD's edge: mirrors have settled
    hal::Duration pattern{0};        // DMD exposure per pattern
    hal::Duration dark{0};           // DMD dark time after it
    hal::Duration period() const { return pattern + dark; }
    bool operator==(const Timing&) const = default;
};

struct AcquisitionStats {
    std::uint64_t frames = 0;  // delivered and paired
    std::uint64_t runs = 0;
    std::uint64_t repeated_runs = 0;
    std::string last_failure;  // why the last repeated run was repeated
};

class Acquisition {
public:
    Acquisition(hal::Bench& bench, hal::Region region, hal::PixelFormat format, Timing timing,
                std::stop_token stop = {});

    // `frame` lives for the call only. It was checked against its predecessors; it is final once
    // acquire() has returned, when the end of its run was checked too.
    using Sink = std::function<void(std::size_t index, const hal::Frame& frame)>;

    // Shows the patterns in order and hands each frame to `sink(index, frame)` in order, with
    // frame.pattern set. The laser must be emitting. Longer lists than the DMD's memory are split.
    // If a run is repeated, sink sees its indices again from the run's first one: it must
    // overwrite. Throws DeviceError{mispaired} after max_attempts, DeviceError{refused} at once if
    // the laser is in fault, Interrupted when stopped; the DMD is then stopped and the camera
    // disarmed.
    void acquire(std::span<const hal::BitPattern> patterns, const Sink& sink);

    // The slow twin and the reference for tests: one pattern at a time, software trigger, nothing
    // to mispair.
    void acquire_stepped(std::span<const hal::BitPattern> patterns, const Sink& sink);

    // `frames` exposures of one standing pattern by software trigger; the sink's index counts them.
    // With the laser off and a black pattern these are dark frames.
    void acquire_still(const hal::BitPattern& pattern, std::size_t frames, const Sink& sink);

    // Longer lists are split: the drift node says for how long phase and medium stand still.
    std::size_t most_per_run = std::numeric_limits<std::size_t>::max();
    // Called for every run that has to be taken again, with the reason.
    std::function<void(const std::string& why)> on_repeat;

    const AcquisitionStats& stats() const { return stats_; }
    const Timing& timing() const { return timing_; }
    // What the camera made of timing().exposure in the last acquisition.
    hal::Duration exposure_used() const { return exposure_used_; }
    static constexpr int max_attempts = 4;

    // Mean step between neighbouring pixels over the mean count: large where fringes and speckle
    // are, small on a bare reference, and blind to the laser's power.
    static double fringe_contrast(const hal::Frame& frame);
    static double mean_count(const hal::Frame& frame);

private:
    struct Sentinels {
        double black = 0;  // fringe contrast
        double white = 0;
        double white_count = 0;  // mean, black level included
    };
    enum class Sentinel { black, white };

    void configure(hal::TriggerSource trigger);
    void learn_sentinels();
    std::size_t run_capacity() const;
    void program_run(std::span<const hal::BitPattern> patterns);
    // Empty if every check passed, else why not.
    std::optional<std::string> run(std::span<const hal::BitPattern> patterns, std::size_t first,
                                   const Sink& sink);
    std::optional<std::string> check_frame(std::uint64_t id, hal::Duration& last_time) const;
    // What the light of a white frame says beside its fringes; empty if nothing.
    std::string light_remark() const;
    std::optional<std::string> check_sentinel(Sentinel expected, const char* place) const;
    void drain();
    void require_light(const std::string& failure);
    hal::Deadline patience() const;
    std::string device() const;
    void poll_stop() const {
        if (stop_.stop_requested()) throw Interrupted();
    }

    hal::Bench& bench_;
    hal::Region region_;
    hal::PixelFormat format_;
    Timing timing_;
    std::stop_token stop_;
    AcquisitionStats stats_;
    std::optional<Sentinels> sentinels_;
    hal::Duration exposure_used_{0};
    hal::Frame frame_;  // reused for every exposure
};

}  // namespace opal::calibration
