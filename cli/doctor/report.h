// DoctorReport: findings for people and for machines.
#pragma once

#include "cli/doctor/finding.h"
#include "cli/terminal.h"

#include <string>

namespace opal::cli::doctor {

bool any_problem(const Findings& findings);
// One line each, problems first; what is fine only if asked for.
std::string text_of(const Findings& findings, const Terminal& terminal, bool everything);
// {"problems": 1, "findings": [{"check", "weight", "subject", "what", "remedy", "fixable"}]}
std::string json_of(const Findings& findings);

}  // namespace opal::cli::doctor
