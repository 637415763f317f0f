// Discovery: one socket per network, the question to everybody, answers sorted by MAC.
#include "drivers/gige/discovery.h"

#include "drivers/asio_udp_port.h"
#include "hal/error.h"
#include "protocol/gvcp_messages.h"

#include <algorithm>
#include <array>
#include <memory>

namespace opal::drivers::gige {

namespace gvcp = protocol::gvcp;

namespace {

// Some cameras answer only this number.
constexpr std::uint16_t request_id = 0xFFFF;
constexpr hal::Duration slice = std::chrono::milliseconds(20);

struct Asked {
    NetworkInterface interface;
    std::unique_ptr<hal::UdpPort> port;
};

void ask(hal::UdpPort& port, std::uint32_t host) {
    std::array<std::byte, gvcp::header_size> command;
    const std::size_t size = gvcp::encode_discovery(request_id, host == hal::everyone, command);
    port.send({host, gvcp::device_port}, std::span(command).first(size));
}

void collect(std::vector<Asked>& asked, hal::Clock& clock, hal::Deadline deadline, bool first_only,
             std::vector<FoundCamera>& found) {
    std::array<std::byte, 2048> room;
    while (!deadline.passed(clock)) {
        for (Asked& a : asked) {
            hal::UdpArrival arrival;
            arrival.room = room;
            const hal::Deadline soon{
                std::min(deadline.at, clock.now() + slice / static_cast<int>(asked.size()))};
            while (a.port->receive({&arrival, 1}, soon) > 0) {
                const auto ack = gvcp::decode_ack(std::span(room).first(arrival.length));
                if (!ack || ack->ack != gvcp::ack_of(gvcp::Command::discovery)) continue;
                const auto identity = gvcp::decode_identity(ack->payload);
                if (!identity) continue;
                const bool known =
                    std::any_of(found.begin(), found.end(), [&](const FoundCamera& f) {
                        return f.identity.mac == identity->mac && f.identity.ip == identity->ip;
                    });
                if (!known) found.push_back({*identity, arrival.from, a.interface});
            }
        }
        if (first_only && !found.empty()) return;
    }
}

}  // namespace

std::vector<FoundCamera> discover_cameras(hal::Clock& clock, hal::Deadline deadline,
                                          std::vector<std::string>& problems) {
    std::vector<Asked> asked;
    for (const NetworkInterface& interface : network_interfaces()) {
        try {
            auto port = open_udp_port({interface.host, 0}, {1 << 18, true, false, false});
            ask(*port, hal::everyone);
            asked.push_back({interface, std::move(port)});
        } catch (const hal::DeviceError& error) {
            problems.push_back(interface.name + ": " + error.what());
        }
    }
    std::vector<FoundCamera> found;
    if (!asked.empty()) collect(asked, clock, deadline, false, found);
    return found;
}

std::vector<FoundCamera> discover_camera(std::uint32_t host, hal::Clock& clock,
                                         hal::Deadline deadline) {
    std::vector<Asked> asked(1);
    asked[0].interface = interface_towards(host);
    asked[0].port = open_udp_port({asked[0].interface.host, 0}, {});
    ask(*asked[0].port, host);
    std::vector<FoundCamera> found;
    collect(asked, clock, deadline, true, found);
    return found;
}

}  // namespace opal::drivers::gige
