// Version: which program this is. Results carry it, so that they can be made again.
#pragma once

#include <string>

namespace opal::cli {

// "opal 0.1.0 (1234567890ab)"; the commit ends in -dirty if the tree it was built from did not
// match it.
std::string program_version();

}  // namespace opal::cli
