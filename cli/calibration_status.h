// CalibrationStatus: the calibration graph in words: what of a record still holds and why, and what
// has changed from one record to the next.
#pragma once

#include "calibration/graph.h"
#include "calibration/record.h"
#include "calibration/record_diff.h"
#include "cli/terminal.h"
#include "hal/bench.h"

#include <string>

namespace opal::cli {

// What results have to have been made with to hold on this bench, for this program, now; whatever
// the options of a calibration.
calibration::Wanted wanted_of(hal::Bench& bench);

// "fresh", "stale", "failed", "missing".
std::string_view word_of(calibration::NodeState state);

// "0.99975 +- 0.00002, wanted at least 0.99".
std::string check_text(const calibration::Check& check);

// Per node: state, age and limit, verdict, thresholds, hashes of result and inputs.
std::string status_text(const Terminal& terminal, const calibration::Record& record,
                        const calibration::PerNode<calibration::Freshness>& states);

// Per node: what changed, in units of the stated uncertainty, and what that may mean.
std::string diff_text(const Terminal& terminal, const calibration::RecordDiff& diff);

}  // namespace opal::cli
