// The served bench's mirrors behind a TCP port: a TI DLP LightCrafter.
#pragma once

#include "cli/serve/door.h"
#include "cli/serve/served_bench.h"

#include <memory>
#include <string>

namespace opal::cli {

// address: of one of this machine's interfaces. The bench has a LightCrafter's mirrors
// (with_lightcrafter) and outlives the door.
std::unique_ptr<ServedDoor> open_lightcrafter_door(ServedBench& bench, const std::string& address);

}  // namespace opal::cli
