// EpochCurves: something of each epoch of training, one curve per method.
#pragma once

#include "cli/report/plot.h"
#include "cli/training_run.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

// Of the palette; the same for a method in all drawings.
int colour_of_method(const std::string& method);

using EpochValue = std::function<std::optional<double>(const dfa::EpochMetrics&)>;

// Mean over seeds and, as bars, their deviation, epoch by epoch; empty if no epoch has a value.
std::string epoch_curves(const std::vector<TrainingRun>& runs, const std::string& label,
                         const std::string& axis, const EpochValue& value, Gnuplot& gnuplot,
                         bool y_log = false);

}  // namespace opal::cli
