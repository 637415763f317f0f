// TrainingRun: one network trained once, by one method.
//
//   bp        backpropagation
//   dfa       direct feedback by an exact digital random matrix
//   ternary   the same, the error ternarised first: the digital twin of the bench
//   optical   the bench itself
//   shallow   hidden layers stay random: the floor any feedback has to beat
#pragma once

#include "calibration/record.h"
#include "cli/progress.h"
#include "cli/training_task.h"
#include "dfa/trainer.h"
#include "hal/bench.h"
#include "projection/optical_projector.h"
#include "projection/quantiser.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::cli {

std::vector<std::string> method_names();

struct TrainingRunOptions {
    std::string method;
    std::uint64_t seed = 0;
    std::uint32_t epochs = 0;  // 0: the recipe's
    bool alignment = false;
    projection::QuantiserOptions quantiser;  // ternary and optical
    int threads = 0;
};

// What `optical` needs besides; null otherwise.
struct OpticalSetup {
    hal::Bench* bench = nullptr;
    const calibration::Record* record = nullptr;
};

struct TrainingRun {
    std::string task;
    std::string network;
    std::string method;
    std::uint64_t seed = 0;
    std::string feedback;  // Projector::description(), or in words
    dfa::TrainingResult result;
    dfa::ProjectionStats projections;
    std::optional<projection::OpticalHealth> health;
    double seconds = 0;
};

// Throws calibration::Interrupted when stopped.
TrainingRun train_once(const TrainingTask& task, const TrainingRunOptions& options,
                       const OpticalSetup& optical, Progress& progress, std::stop_token stop);

}  // namespace opal::cli
