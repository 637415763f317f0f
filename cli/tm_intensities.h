// TmIntensities: `opal tm intensities`, a matrix measured without a reference arm, and `opal tm
// validate`: whether it still holds.
#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace opal::cli {

void add_tm_intensities(CLI::App& tm, Session& session);

}  // namespace opal::cli
