// Dmd: a digital micromirror device with a pattern memory and a sequencer.
//
// The life of a run:   load() -> program() -> [camera armed] -> start() -> ... -> stop()
//
//                exposure    dark    exposure
//   mirrors  ____|#########|________|#########|____   '#': the pattern of the entry, else all off
//   trigger  ____/~~~~~~~~~\________/~~~~~~~~~\____   one rising edge per entry with trigger_out
//
// The edge is sent when the mirrors are commanded. They have settled `settle_time` later.
#pragma once

#include "hal/bit_pattern.h"
#include "hal/clock.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace opal::hal {

struct DmdInfo {
    std::string model;
    std::string serial;
    int rows = 0;
    int columns = 0;
    double pitch_um = 0;                // mirror pitch
    Duration min_exposure{0};           // shortest exposure of a 1-bit pattern
    Duration min_dark{0};               // shortest dark time that still ends the trigger pulse
    Duration settle_time{0};            // from trigger edge to mirrors at rest
    std::uint32_t memory_patterns = 0;  // how many patterns load() can hold
    std::uint32_t max_entries = 0;      // longest sequence
    Duration time_step{1};              // exposures and dark times are multiples of this
    // All entries of a sequence share one exposure and one dark time, and each sends a trigger;
    // program() throws unsupported for others.
    bool one_timing = false;
    // load() takes far longer than showing, unless the device has the pattern already: users gain
    // by showing the same ones again.
    bool loading_is_slow = false;
};

enum class StartOn {
    previous_end,  // the sequencer's own clock: right after the entry before it
    trigger_in,    // waits for a rising edge at the trigger input
};

struct SequenceEntry {
    std::uint32_t slot = 0;  // which loaded pattern
    Duration exposure{0};    // mirrors show it for this long
    Duration dark{0};        // then all off for this long
    StartOn start_on = StartOn::previous_end;
    bool trigger_out = true;  // emit a rising edge at the beginning of the exposure
};

struct PatternSequence {
    std::vector<SequenceEntry> entries;
    bool repeat = false;  // false: once, then all mirrors off; true: until stop()
};

struct DmdStatus {
    bool running = false;
    std::uint64_t entries_started = 0;  // since the last start()
};

// For users:
//   - Calls come from one thread at a time. load, program, start and stop return when the device
//     has taken the command; none waits for light. Each has an internal deadline and throws
//     DeviceError{timeout}.
//   - load() and program() while running throw wrong_state. A sequence that is not repeated stops
//     running after its last dark time. Patterns stay in memory until overwritten or the object
//     dies.
//   - start() begins with entry 0 every time, also when already running. Without a program it
//     throws wrong_state. stop() is idempotent and ends with all mirrors off.
//   - After a DeviceError other than out_of_range, wrong_state and unsupported, which change
//     nothing, the sequencer is stopped or the device is disconnected; patterns may have to be
//     loaded again.
//   - distrust(): the light was not what was programmed, and nothing was refused. What the device
//     holds is not relied on any more: the next start(), or program() before it, sends all of it.
//   - Destroying the object stops the sequencer with all mirrors off.
// For drivers:
//   - Reject before sending, with the limit in the message, out_of_range: wrong shape, slot beyond
//     memory, empty or too long sequence, exposure below min_exposure, dark below min_dark when a
//     triggered entry follows, times the device cannot count.
//   - Entry k's edge comes at start + sum of (exposure + dark) of the entries before it.
//   - A program() whose sequence names slots never loaded throws wrong_state: showing an old
//     pattern is the defect that costs labs weeks.
//   - StartOn::trigger_in on a device or bench without that input throws unsupported.
class Dmd {
public:
    virtual ~Dmd() = default;
    virtual const DmdInfo& info() const = 0;
    virtual void load(std::uint32_t first_slot, std::span<const BitPattern> patterns) = 0;
    virtual void program(const PatternSequence& sequence) = 0;
    virtual void start() = 0;
    virtual void stop() = 0;
    virtual DmdStatus status() = 0;
    virtual void distrust() {}  // for devices that keep nothing or cannot lose it
};

}  // namespace opal::hal
