// GigeMessages: events a camera tells its client about without being asked, kept until they are
// acknowledged. Part of the virtual GigE Vision camera.
#pragma once

#include "hal/udp_port.h"
#include "protocol/gvcp_messages.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace opal::sim {

class GigeMessages {
public:
    explicit GigeMessages(hal::UdpPort& port) : port_(port) {}

    // The number of the message that tells about the event.
    std::uint16_t write(const protocol::gvcp::Event& event);
    // Sends it, up to once and `retries` times again. False: it need not be sent any more.
    bool send(std::uint16_t number, hal::UdpAddress to, std::uint32_t retries);
    void acknowledged(std::span<const std::byte> datagram);

private:
    struct Waiting {
        std::uint16_t number = 0;
        std::uint32_t sent = 0;
        std::vector<std::byte> bytes;
    };

    hal::UdpPort& port_;
    std::uint16_t next_ = 1;
    std::deque<Waiting> waiting_;
};

}  // namespace opal::sim
