// RecordMerge: a finished record and what a run that came after it has left unfinished -> one
// record to go on from. Between the files and the graph (calibrate.h).
//
// Rule: for each node the result that was measured or confirmed last is taken, good or bad, of
// those that were made with what is wanted now. What an older result was computed into is not
// taken back by this: the graph sees by the hashes that its input has changed or failed.
#pragma once

#include "calibration/graph.h"
#include "calibration/record.h"

namespace opal::calibration {

// Both of one bench. Of two results as old as each other, that of `left` counts.
Record merge(Record finished, const Record& left, const Wanted& wanted);

// The timing agreed on by the last of the nodes that set it; all zero if there is none.
Timing agreed_timing(const Record& record);

}  // namespace opal::calibration
