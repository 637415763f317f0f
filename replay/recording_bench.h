// RecordingBench: a bench that writes down everything that is asked of it and everything it
// answers, between a run and the bench it runs on.
//
//   run -> RecordingBench -> bench
//               |
//               +-> RunWriter -> run.h5 -> ReplayBench -> the same run again
//
// Rule: recording changes nothing the run can see but the time it takes. off(), stop() and disarm()
// reach the device before anything is written, and never fail because of the disk.
#pragma once

#include "hal/bench.h"
#include "replay/run_writer.h"

#include <memory>
#include <optional>
#include <utility>

namespace opal::replay {

// One recording: the openings of one bench, one after the other. Safe from several threads.
class Recording {
public:
    Recording(const std::filesystem::path& file, const RunFacts& facts);
    ~Recording();
    // Everything so far is on its way to the disk. What could not be written, if anything: then the
    // rest of the run is missing too.
    std::optional<std::string> flush();

    struct Log;
    Log& log() { return *log_; }

private:
    std::unique_ptr<Log> log_;
};

class RecordingBench final : public hal::Bench {
public:
    // `bench` and `recording` outlive it; one at a time may use a recording. `begin`: where in its
    // life a simulated bench was asked to start.
    RecordingBench(hal::Bench& bench, Recording& recording, hal::Duration begin_time,
                   std::uint64_t begin_exposures);
    ~RecordingBench() override;

    hal::Dmd& dmd() override;
    hal::Camera& camera() override;
    hal::Laser& laser() override;
    hal::Clock& clock() override;
    const std::string& name() const override { return bench_.name(); }
    const std::string& identity() const override { return bench_.identity(); }
    double laser_limit_mw() const override { return bench_.laser_limit_mw(); }

    // What the program asks of a bench besides hal: where in its life it is.
    void note_moment(const std::optional<std::pair<hal::Duration, std::uint64_t>>& moment);

    void note_wall_clock(double utc_s);

private:
    struct Devices;
    hal::Bench& bench_;
    Recording& recording_;
    std::unique_ptr<Devices> devices_;
};

}  // namespace opal::replay
