// LightCrafterDmd: hal::Dmd on a TI DLP LightCrafter over TCP, one-bit patterns, own clock.
//
// The device shows its stored patterns in their order, all with one exposure and one period. So a
// sequence is stored entry by entry, an entry shown twice twice; what a position already holds is
// not sent again as long as the sequence keeps its length (another length empties the memory).
// Mirrors keep the pattern between exposures: the dark time is only dark with the board's own
// light, so a camera must not expose in it.
#pragma once

#include "hal/dmd.h"
#include "hal/tcp_stream.h"

#include <memory>

namespace opal::drivers {

// The pulse at the camera output, one for each pattern.
struct LightCrafterPulse {
    bool negative = false;
    hal::Duration width = std::chrono::microseconds(20);  // whole microseconds
};

// `stream`: connected to port 21845. Stops whatever the device was showing. Throws DeviceError.
std::unique_ptr<hal::Dmd> open_lightcrafter(std::unique_ptr<hal::TcpStream> stream,
                                            hal::Clock& clock, LightCrafterPulse pulse = {});

}  // namespace opal::drivers
