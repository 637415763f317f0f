// ReplayBench: a recorded run as a bench. It answers as the recorded bench did, at the recorded
// times of a clock nobody waits for, as long as it is asked the same things in the same order.
//
//   asked: camera.arm(5)      recorded: camera.arm(5)    -> its answer, or its fault
//   asked: camera.arm(6)      recorded: camera.arm(5)    -> DeviceError{refused}, for good
//
// Rule: a question that departs from the recording has no answer here, and every one after it
// neither. Only off(), stop() and disarm() always succeed: nothing emits, and whoever cleans up
// after a refusal must be able to.
//   The clock is lenient: it may be read more or less often than it was.
#pragma once

#include "hal/bench.h"
#include "replay/run_source.h"

#include <memory>
#include <optional>
#include <utility>

namespace opal::replay {

// A recording being played: the place in it, across the openings of its bench.
class Playback {
public:
    explicit Playback(std::unique_ptr<RunSource> source);
    ~Playback();

    const RunFacts& facts() const;
    // Commands to devices that were recorded and not asked for, as far as the present opening goes.
    // 0 after a replay of everything.
    std::uint64_t commands_left();

    struct Tape;
    Tape& tape() { return *tape_; }

private:
    std::unique_ptr<Tape> tape_;
};

class ReplayBench final : public hal::Bench {
public:
    // The next opening in the recording; one at a time. Throws DeviceError{refused} if there is
    // none, or if it began elsewhere in the life of its simulated bench.
    ReplayBench(Playback& playback, hal::Duration begin_time, std::uint64_t begin_exposures);
    ~ReplayBench() override;

    hal::Dmd& dmd() override;
    hal::Camera& camera() override;
    hal::Laser& laser() override;
    hal::Clock& clock() override;
    const std::string& name() const override;
    const std::string& identity() const override;
    double laser_limit_mw() const override;

    // What RecordingBench::note_moment() was told.
    std::optional<std::pair<hal::Duration, std::uint64_t>> moment();
    // What RecordingBench::note_wall_clock() was told here; nothing if it was not.
    std::optional<double> wall_clock();

private:
    struct Devices;
    Playback& playback_;
    std::unique_ptr<Devices> devices_;
};

}  // namespace opal::replay
