// NetworkInterfaces: the IPv4 addresses of this machine, and which of them faces a camera.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace opal::drivers::gige {

struct NetworkInterface {
    std::string name;        // "eth0"
    std::uint32_t host = 0;  // its address
    std::uint32_t mask = 0;
    std::uint32_t mtu = 1500;  // largest IP datagram
    bool loopback = false;
};

std::vector<NetworkInterface> network_interfaces();
// The interface whose address a datagram to `host` carries; a made-up one where nothing leads
// there.
NetworkInterface interface_towards(std::uint32_t host);

// "192.168.1.5" -> 0xC0A80105; nothing if it is no address.
bool parse_host(const std::string& text, std::uint32_t& host);
std::string host_text(std::uint32_t host);

}  // namespace opal::drivers::gige
