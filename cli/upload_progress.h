// UploadProgress: patterns on their way to a DMD that takes seconds over them, as a line of
// progress; a quick upload shows nothing.
#pragma once

#include "cli/terminal.h"
#include "drivers/open_device.h"

namespace opal::cli {

// The terminal outlives what is returned.
drivers::UploadReport upload_progress(const Terminal& terminal);

}  // namespace opal::cli
