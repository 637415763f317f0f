// DoctorFix: carries out what a person has agreed to.
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/machine.h"

#include <string>
#include <vector>

namespace opal::cli::doctor {

// What the fixes of these findings come to, each file and command once.
Fix all_fixes(const Findings& findings);
// "write /etc/udev/rules.d/70-opal-u3v.rules", "run udevadm control --reload"
std::vector<std::string> steps_of(const Fix& fix);
// Writes the files and, on this machine, runs the commands: every step, whatever became of those
// before it. Then throws std::runtime_error with a line for each that failed.
void apply(const Machine& machine, const Fix& fix);

}  // namespace opal::cli::doctor
