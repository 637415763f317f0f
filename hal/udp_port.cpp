// UdpAddress as people write it.
#include "hal/udp_port.h"

namespace opal::hal {

std::string to_string(UdpAddress address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(address.host >> shift & 0xFFu);
        text += shift > 0 ? '.' : ':';
    }
    return text + std::to_string(address.port);
}

}  // namespace opal::hal
