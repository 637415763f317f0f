// PacketSize: how large stream packets may be on the way from this camera to this host, found out
// with test packets.
#pragma once

#include "drivers/gige/control_channel.h"
#include "hal/clock.h"
#include "hal/udp_port.h"

#include <cstdint>

namespace opal::drivers::gige {

struct PacketSizeLimits {
    std::uint32_t min = 576;
    std::uint32_t max = 1500;
    std::uint32_t step = 4;
};

// The largest size at which a test packet arrives at `stream`, to which the camera's stream channel
// points; set in the camera. What the camera has, where none arrives: not every camera sends test
// packets. Sizes count the whole IP datagram.
std::uint32_t negotiate_packet_size(ControlChannel& control, hal::UdpPort& stream,
                                    const hal::Clock& clock, PacketSizeLimits limits);

}  // namespace opal::drivers::gige
