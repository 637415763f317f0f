// TrainingJson: the parts of training results as JSON, both ways. What results files, checkpoints
// and the identity of a run are made of.
#pragma once

#include "cli/training_run.h"

#include <nlohmann/json_fwd.hpp>

namespace opal::cli {

// What a run was asked to do: task, recipe, method, seed, quantiser, bench. Two runs with the same
// settings, of one build on one machine, end in the same bytes.
nlohmann::ordered_json settings_json(const TrainingRun& run);
// The settings, what the run found, and the program that made it.
nlohmann::ordered_json run_json(const TrainingRun& run);
// Throws nlohmann::json::exception if something is missing. Files of earlier versions lack recipe,
// quantiser, bench and program: these stay empty.
TrainingRun run_of(const nlohmann::ordered_json& json);

nlohmann::ordered_json feedback_json(const std::vector<dfa::FeedbackStatistics>& blocks);
std::vector<dfa::FeedbackStatistics> feedback_of(const nlohmann::ordered_json& json);
nlohmann::ordered_json projections_json(const dfa::ProjectionStats& stats);
dfa::ProjectionStats projections_of(const nlohmann::ordered_json& json);
nlohmann::ordered_json projection_time_json(const ProjectionTime& time);
ProjectionTime projection_time_of(const nlohmann::ordered_json& json);
nlohmann::ordered_json light_json(const projection::OpticalHealth& health);
projection::OpticalHealth light_of(const nlohmann::ordered_json& json);

}  // namespace opal::cli
