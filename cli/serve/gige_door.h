// The served bench's camera behind UDP ports: GigE Vision.
#pragma once

#include "cli/serve/door.h"
#include "cli/serve/served_bench.h"
#include "sim/instruments/gige/virtual_gige_camera.h"

#include <cstdint>
#include <memory>

namespace opal::cli {

// host: of one of this machine's interfaces, as hal::UdpAddress has it. The bench outlives it.
std::unique_ptr<ServedDoor> open_gige_door(ServedBench& bench, std::uint32_t host,
                                           const sim::GigeCameraOptions& options);

}  // namespace opal::cli
