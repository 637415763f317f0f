// UdevRules: the files of udev/ as text inside the program, and whether a machine has them.
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/machine.h"

#include <span>
#include <string_view>

namespace opal::cli::doctor {

struct UdevRules {
    std::string_view file;  // "70-opal-u3v.rules"
    std::string_view text;
};
std::span<const UdevRules> udev_rules();

// In one of the folders udev reads, whatever they say there.
bool rules_installed(const Machine& machine, std::string_view file);
// Writes all of them to /etc/udev/rules.d and applies them to what is plugged in.
Fix install_rules();

}  // namespace opal::cli::doctor
