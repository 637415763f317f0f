// `opal bench wall-time`: how long a training run would take on real devices of given rates.
#pragma once

#include "cli/session.h"

namespace opal::cli {

void add_wall_time_command(CLI::App& bench, Session& session);

}  // namespace opal::cli
