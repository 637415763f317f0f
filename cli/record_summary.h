// RecordSummary: what a calibration record says, for the terminal and for the report.
#pragma once

#include "calibration/record.h"

#include <string>
#include <utility>
#include <vector>

namespace opal::cli {

// Name and value with unit.
std::vector<std::pair<std::string, std::string>> record_facts(const calibration::Record& record);

// Title and verdict of every node that was measured, in the order of the graph. The pointers live
// as long as the record.
std::vector<std::pair<std::string, const calibration::Verdict*>> record_verdicts(
    const calibration::Record& record);

}  // namespace opal::cli
