// BenchChoice: which bench a command works on. The one place in the program that opens one.
#pragma once

#include "cli/interruption.h"
#include "cli/run_recording.h"
#include "cli/session.h"
#include "hal/bench.h"
#include "sim/simulated_bench.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace opal::cli {

struct BenchFile;

// The devices behind an opened bench; both empty in a replay, else one of them.
struct BenchDevices {
    std::unique_ptr<sim::SimulatedBench> simulated;
    std::unique_ptr<hal::Bench> wired;  // of a bench file
    bool cables = false;                // between the program and the simulated one

    hal::Bench* any() const { return simulated ? simulated.get() : wired.get(); }
};

// A bench in use. Destroying it turns the laser off, whatever happened. A laser that cannot confirm
// it, or a log of events with holes, raises an alarm in the session.
class OpenedBench {
public:
    OpenedBench(std::unique_ptr<std::ofstream> events, BenchDevices devices, Session& session,
                std::string record_name, std::string scene, std::shared_ptr<RunRecording> run,
                RunSide side);
    ~OpenedBench();
    OpenedBench(const OpenedBench&) = delete;
    OpenedBench& operator=(const OpenedBench&) = delete;

    hal::Bench& bench();
    // The same as a simulated one, for those who look behind the curtain; nullptr for a real one.
    const sim::SimulatedBench* simulated() const { return devices_.simulated.get(); }
    // As a person who finds a plug pulled out: nobody may be using DMD or camera.
    void reconnect() {
        if (devices_.simulated) devices_.simulated->reconnect();
    }
    // Where the calibration record of this bench lives unless a file is named.
    std::filesystem::path record_file() const;
    // The simulated bench as a scene file; empty for a real one.
    const std::string& scene() const { return scene_; }
    // Of a simulated bench, dark and disarmed; nothing for one that cannot be put back, because it
    // is real, or because opening its devices takes time.
    std::optional<sim::BenchMoment> moment();

    // What a person could do in front of a simulated bench; a real one has no such handle.
    // In a replay the door moves as it did.
    bool has_door_switch() const { return !scene_.empty(); }
    void set_interlock(bool closed) {
        if (devices_.simulated) devices_.simulated->set_interlock(closed);
    }
    // From light to the start of an exposure, both after the DMD's edge (contract/rig.h); nothing
    // where nobody knows.
    std::optional<hal::Duration> mirror_lag() const;

private:
    Session& session_;
    std::unique_ptr<std::ofstream> events_;
    BenchDevices devices_;
    std::shared_ptr<RunRecording> run_;
    RunSide side_;
    Interruption::LastWay laser_off_;
    std::string record_name_;
    std::string scene_;
};

struct BenchChoice {
    std::string bench = "sim:lab";
    std::vector<std::string> overrides;
    std::string events;  // file; empty: none
    std::string record;  // file; empty: the bench's place
    std::string faults;  // schedule let loose on a simulated bench; empty: none
    int threads = 0;     // that render frames; 0: all cores

    std::shared_ptr<RunRecording> run = std::make_shared<RunRecording>();

    // --bench, --set, --events, --calibration, --threads
    void add_options(CLI::App& command);
    // --faults, for commands that work through trouble.
    void add_faults_option(CLI::App& command);
    // --record, for commands whose runs can be replayed.
    void add_record_option(CLI::App& command);
    // `begin`: where in its life a simulated bench is to start. A bench that does not start at its
    // beginning goes on with the file of events.
    std::unique_ptr<OpenedBench> open(Session& session, sim::BenchMoment begin = {}) const;
    std::filesystem::path record_file(const OpenedBench& bench) const;

private:
    enum class Cables { none, usb };
    std::unique_ptr<OpenedBench> open_simulated(Session& session, const std::string& what,
                                                Cables cables, sim::BenchMoment begin) const;
    std::unique_ptr<OpenedBench> open_wired(Session& session, const BenchFile& file) const;
    RunSide record_run(hal::Bench& opened, const Session& session, sim::BenchMoment begin,
                       const std::string& name,
                       std::vector<std::pair<std::string, std::string>> about) const;
    std::unique_ptr<OpenedBench> open_replay(Session& session, const std::string& recording,
                                             sim::BenchMoment begin) const;
};

}  // namespace opal::cli
