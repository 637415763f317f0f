// RecordCheck: can these numbers be a record? The last step of loading one, before anybody computes
// with them: files are edited, disks rot, and other programs write HDF5 too.
//
// Every number must be finite, most have limits (one table), and arrays must be as long as the
// numbers beside them say. Rule: whoever adds a field to record_fields.h that others rely on gives
// it a line here.
#pragma once

#include "calibration/record.h"

#include <optional>
#include <string>

namespace opal::calibration {

// What is wrong with the first field that cannot be, in one line that names it, its value and what
// would be possible; empty if nothing is.
std::optional<std::string> find_contradiction(const Record& record);

}  // namespace opal::calibration
