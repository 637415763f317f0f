// ExitCode: what the shell gets from `opal`; also in the man page.
#pragma once

#include <stdexcept>

namespace opal::cli {

enum ExitCode : int {
    exit_success = 0,
    exit_failure = 1,        // a device, the disk or something else failed
    exit_bad_input = 2,      // the command line or a file given to it cannot be used
    exit_negative = 3,       // everything worked and the verdict is no (a calibration node failed)
    exit_interrupted = 128,  // plus the signal's number: 130 after Ctrl-C
};

// The command line or a file it names cannot be used: what, why, and what would be right.
struct BadInput : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace opal::cli
