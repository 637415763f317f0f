// Checks: what `opal doctor` looks at. Each adds what it found, good or bad; none changes anything.
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/machine.h"

namespace opal::cli::doctor {

// Permissions, kernel drivers, other programs, sleep, hub speed, the kernel's memory for USB.
void check_usb(const Machine& machine, Findings& findings);
// Serial ports of lasers: permissions, ModemManager.
void check_serial(const Machine& machine, Findings& findings);
// Receive buffers, packet sizes.
void check_network(const Machine& machine, Findings& findings);

}  // namespace opal::cli::doctor
