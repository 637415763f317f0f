// DriftState: what a calibration is still worth: how the phase moves and how well it is followed,
// what the medium has lost since the matrix was measured, how much of the budget is left and when
// it will be spent. Between a record and whoever tells people (report, status).
//
// Rule: every number has its uncertainty; a medium that has not been seen to change gets a bound.
#pragma once

#include "calibration/graph.h"
#include "calibration/record.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace opal::cli {

struct DriftState {
    double age_s = -1;                     // of the matrix; negative: not known
    bool seen = false;                     // the medium's change stands three sigma out
    calibration::Measured loss;            // of the field's correlation since then
    calibration::Measured left;            // of calibration::spare_correlation
    double spent_in_s = 0;                 // until nothing is left; negative: since
    double spent_soonest_s = 0;            // two sigma faster
    std::optional<double> spent_latest_s;  // two sigma slower; unset: perhaps never
    // The node that has to be measured again first, and when; not set if one already has to.
    std::optional<calibration::Node> due;
    double due_in_s = 0;
};

// Nothing without a drift node and a matrix.
std::optional<DriftState> drift_state(const calibration::Record& record,
                                      const calibration::PerNode<calibration::Freshness>& states);

// (what, in words), for tables.
std::vector<std::pair<std::string, std::string>> drift_lines(
    const calibration::Record& record, const calibration::PerNode<calibration::Freshness>& states);

}  // namespace opal::cli
