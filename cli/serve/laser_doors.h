// The served bench's laser behind one protocol: a DLC pro on TCP, or a Cobolt or an OBIS on a
// pseudo-terminal. One of them, since each believes to be alone with its light. The bench outlives
// its door.
#pragma once

#include "cli/serve/door.h"
#include "cli/serve/served_bench.h"

#include <memory>
#include <string>

namespace opal::cli {

// address: of one of this machine's interfaces; ports 1998 and 1999.
std::unique_ptr<ServedDoor> open_dlcpro_door(ServedBench& bench, const std::string& address);
std::unique_ptr<ServedDoor> open_cobolt_door(ServedBench& bench);
std::unique_ptr<ServedDoor> open_obis_door(ServedBench& bench);

}  // namespace opal::cli
