// AsioUdpPort: hal::UdpPort on a real socket. Deadlines are on the host's steady clock.
#pragma once

#include "hal/udp_port.h"

#include <memory>

namespace opal::drivers {

struct UdpOptions {
    std::size_t receive_buffer_bytes = 1 << 20;  // asked for; status() says what was granted
    bool broadcast = false;                      // may send to broadcast addresses
    bool forbid_fragments = false;               // for finding the largest packet a path takes
    bool share_port = false;                     // with others of this machine (SO_REUSEADDR)
};

// local.host any_host: every interface; local.port 0: any free one. Throws DeviceError{refused}.
std::unique_ptr<hal::UdpPort> open_udp_port(hal::UdpAddress local, const UdpOptions& options = {});

}  // namespace opal::drivers
