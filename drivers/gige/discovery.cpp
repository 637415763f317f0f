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

void ask(hal::UdpPort& port, std::uint32_t host) {
    std::array<std::byte, gvcp::header_size> command;
    const std::size_t size = gvcp::encode_discovery(request_id, host == hal::everyone, command);
    port.send({host, gvcp::device_port}, std::span(command).first(size));
}

void note(std::span<const std::byte> datagram, hal::UdpAddress from,
          const NetworkInterface& interface, std::vector<FoundCamera>& found) {
    const auto ack = gvcp::decode_ack(datagram);
    if (!ack || ack->ack != gvcp::ack_of(gvcp::Command::discovery) ||
        ack->status != gvcp::Status::success)
        return;
    const auto identity = gvcp::decode_identity(ack->payload);
    if (!identity) return;
    const auto here = std::count_if(found.begin(), found.end(), [&](const FoundCamera& f) {
        return f.interface.name == interface.name && f.interface.host == interface.host;
    });
    if (static_cast<std::size_t>(here) >= most_found_cameras) return;
    const bool known = std::any_of(found.begin(), found.end(), [&](const FoundCamera& f) {
        return f.identity.mac == identity->mac && f.identity.ip == identity->ip;
    });
    if (!known) found.push_back({*identity, from, interface});
}

}  // namespace

void collect_cameras(std::span<const AskedNetwork> asked, hal::Clock& clock, hal::Deadline deadline,
                     std::uint32_t only, std::vector<FoundCamera>& found) {
    std::array<std::byte, 2048> room;
    do {
        for (const AskedNetwork& network : asked) {
            const hal::Deadline soon{
                std::min(deadline.at, clock.now() + slice / static_cast<int>(asked.size()))};
            hal::UdpArrival arrival;
            arrival.room = room;
            // A network that does not fall silent leaves the others their time.
            while (network.port->receive({&arrival, 1}, soon) > 0) {
                if (!arrival.truncated && (only == 0 || arrival.from.host == only))
                    note(std::span(room).first(arrival.length), arrival.from, network.interface,
                         found);
                if (only != 0 && !found.empty()) return;
                if (soon.passed(clock)) break;
            }
        }
    } while (!deadline.passed(clock));
}

std::vector<FoundCamera> discover_cameras(hal::Clock& clock, hal::Deadline deadline,
                                          std::vector<std::string>& problems) {
    std::vector<AskedNetwork> asked;
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
    if (!asked.empty()) collect_cameras(asked, clock, deadline, 0, found);
    return found;
}

std::vector<FoundCamera> discover_camera(std::uint32_t host, hal::Clock& clock,
                                         hal::Deadline deadline) {
    std::vector<AskedNetwork> asked(1);
    asked[0].interface = interface_towards(host);
    asked[0].port = open_udp_port({asked[0].interface.host, 0}, {});
    ask(*asked[0].port, host);
    std::vector<FoundCamera> found;
    collect_cameras(asked, clock, deadline, host, found);
    return found;
}

}  // namespace opal::drivers::gige
