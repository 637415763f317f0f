// `opal reproduce`: see reproduce_command.cpp.
#pragma once

#include "cli/session.h"

namespace opal::cli::reproduce {

void add_reproduce_command(CLI::App& program, Session& session);

}  // namespace opal::cli::reproduce
