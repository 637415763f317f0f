// Waiting for a file descriptor until a deadline on the host's steady clock; the one wait all doors
// of this folder are made of.
#pragma once

#include "hal/clock.h"

namespace opal::drivers {

enum class Readiness {
    ready,     // reading or writing will not block (it may still report an error or the end)
    deadline,  // the deadline passed first
};

Readiness wait_readable(int descriptor, hal::Deadline deadline);
Readiness wait_writable(int descriptor, hal::Deadline deadline);

}  // namespace opal::drivers
