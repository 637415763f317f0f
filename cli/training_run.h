// TrainingRun: one network trained once, by one method.
//
//   bp        backpropagation
//   dfa       direct feedback by an exact digital random matrix
//   ternary   the same, the error ternarised first: the digital twin of the bench
//   optical   the bench itself
//   shallow   hidden layers stay random: the floor any feedback has to beat
//
// A run is a row of legs of whole epochs. Between two legs the projector is taken down and set up
// again (light off, light on), everything it draws in a leg depends on seed and leg alone, and the
// state is saved: a run that is killed goes on from the last leg to the same bytes.
#pragma once

#include "cli/optical_setup.h"
#include "cli/progress.h"
#include "cli/timed_bench.h"
#include "cli/training_task.h"
#include "dfa/trainer.h"
#include "projection/optical_projector.h"
#include "projection/quantiser.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::cli {

std::vector<std::string> method_names();

struct TrainingRunOptions {
    std::string method;
    std::uint64_t seed = 0;
    bool alignment = false;
    bool test = true;                        // false: the test part is not looked at
    projection::QuantiserOptions quantiser;  // ternary and optical
    int threads = 0;
    std::filesystem::path checkpoint{};              // file; empty: none is kept
    std::function<void(const std::string&)> note{};  // takes a line for people
    // Called with the trained network, if it is wanted.
    std::function<void(dfa::Network&, dfa::BatchSource&, dfa::Workers&)> trained{};
};

struct TrainingRun {
    std::string task;
    std::string network;
    std::string method;
    std::uint64_t seed = 0;
    std::vector<dfa::Setting> recipe;
    std::optional<projection::QuantiserOptions> quantiser;  // ternary and optical
    std::optional<BenchUsed> bench;                         // optical
    bool alignment = false;
    std::string program;   // that made it
    std::string feedback;  // Projector::description(), or in words
    dfa::TrainingResult result;
    dfa::ProjectionStats projections;
    std::optional<projection::OpticalHealth> health;
    ProjectionTime projection_time;
    double seconds = 0;
};

// What a run with these options would be, with nothing found yet.
TrainingRun planned_run(const TrainingTask& task, const TrainingRunOptions& options,
                        const OpticalSetup* optical);

// optical: needed by the method `optical`. Throws calibration::Interrupted when stopped, BadInput
// if the checkpoint is of another run.
TrainingRun train_once(const TrainingTask& task, const TrainingRunOptions& options,
                       const OpticalSetup* optical, Progress& progress, std::stop_token stop);

}  // namespace opal::cli
