// ArrayChange: two measurements of one array of light -> the place that changed most, against its
// noise. Part of RecordDiff (record_diff.h), for what a mean does not show: a beam that has moved
// sideways is as bright as before.
//
// Rule: arrays are compared in shape, each over its own sum; how much light there is in all is a
// number of its own. A place has changed if it did by four times its uncertainty, and by more than
// a few percent of the brightest place.
#pragma once

#include "calibration/graph.h"
#include "calibration/record_diff.h"

#include <vector>

namespace opal::calibration {

// Of the map's blocks and of the reference beam; none for other nodes, or if shapes differ.
std::vector<Change> array_changes(const Record& before, const Record& after, Node node);

}  // namespace opal::calibration
