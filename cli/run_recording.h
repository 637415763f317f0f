// RunRecording: `--record FILE` and `--bench replay:FILE` of one command: every bench it opens, one
// after the other, written to the same recording or answered from it (replay/).
#pragma once

#include "cli/session.h"
#include "hal/bench.h"
#include "replay/recording_bench.h"
#include "replay/replay_bench.h"
#include "sim/simulated_bench.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace opal::cli {

// What stands between the program and a bench while a run is recorded, or in the place of a bench
// while it is replayed. Both empty: neither.
struct RunSide {
    std::unique_ptr<replay::RecordingBench> recorder;
    std::unique_ptr<replay::ReplayBench> replayed;
};

// The host's wall clock for a run on this bench: noted where the run is recorded, as it was where
// it is replayed. The bench outlives it.
std::function<double()> wall_clock_of(hal::Bench& bench);

class RunRecording {
public:
    std::string file;      // of --record; empty: none
    bool offered = false;  // the command has the option
    bool looking = false;  // nothing is asked of the bench, and nothing of a replay laid out anew
    int openings = 0;      // of benches, so far

    // The file to be replayed if `bench` names one: replay:FILE or sim:replay:FILE.
    static std::optional<std::string> replay_file(const std::string& bench);

    // Begins the recording with the first bench; `inputs` are files the run may read, and are kept
    // in it under their names if they are there. Throws replay::RecordingError.
    RunSide record(hal::Bench& bench, sim::BenchMoment begin,
                   std::vector<std::pair<std::string, std::string>> about,
                   const std::vector<std::pair<std::string, std::filesystem::path>>& inputs);
    RunSide replay(const std::string& recording, sim::BenchMoment begin);
    const replay::RunFacts& facts() const { return playback_->facts(); }

    // What went wrong, or is worth knowing, when a bench is closed; empty: nothing.
    std::string after_closing();

private:
    std::unique_ptr<replay::Recording> recording_;
    replay::BenchFacts recorded_;
    std::unique_ptr<replay::Playback> playback_;
};

}  // namespace opal::cli
