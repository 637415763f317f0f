// NodeWishes: what a user says about single nodes of the calibration graph on the command line:
// how old a result may be, and which to measure again.
#pragma once

#include "calibration/graph.h"

#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

// "90s", "30min", "2h", "7d" in seconds; "none" is 0: no limit. Throws BadInput.
double age_of(const std::string& text);

// "2h" for all nodes, "drift=10min" for one; later ones win. Throws BadInput.
calibration::PerNode<std::optional<double>> age_limits_of(const std::vector<std::string>& words);

// Names of nodes, or "all". Throws BadInput.
calibration::PerNode<bool> nodes_of(const std::vector<std::string>& names);

// Seconds since 1970, UTC, by the computer's clock: what ages are counted with.
double utc_now_s();

// "2026-11-23 17:25:03 UTC".
std::string date_of(double utc_s);

}  // namespace opal::cli
