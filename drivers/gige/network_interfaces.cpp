// NetworkInterfaces over getifaddrs(3), and a route looked up by connecting a datagram socket.
#include "drivers/gige/network_interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace opal::drivers::gige {
namespace {

class Socket {
public:
    Socket() : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
    ~Socket() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

std::uint32_t host_of(const sockaddr* address) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return ntohl(in.sin_addr.s_addr);
}

std::uint32_t mtu_of(const char* name) {
    const Socket socket;
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (socket.descriptor() < 0 || ::ioctl(socket.descriptor(), SIOCGIFMTU, &request) != 0)
        return 1500;
    return static_cast<std::uint32_t>(request.ifr_mtu);
}

}  // namespace

std::vector<NetworkInterface> network_interfaces() {
    std::vector<NetworkInterface> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return found;
    for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET) continue;
        if ((entry->ifa_flags & IFF_UP) == 0) continue;
        NetworkInterface interface;
        interface.name = entry->ifa_name;
        interface.host = host_of(entry->ifa_addr);
        if (entry->ifa_netmask) interface.mask = host_of(entry->ifa_netmask);
        interface.mtu = mtu_of(entry->ifa_name);
        interface.loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
        found.push_back(interface);
    }
    ::freeifaddrs(list);
    return found;
}

NetworkInterface interface_towards(std::uint32_t host) {
    const Socket socket;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(3956);
    to.sin_addr.s_addr = htonl(host);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    NetworkInterface towards;
    // Sends nothing: it only fixes the route.
    if (socket.descriptor() < 0 ||
        ::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
        ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&from), &size) != 0)
        return towards;
    towards.host = ntohl(from.sin_addr.s_addr);
    for (const NetworkInterface& interface : network_interfaces()) {
        const bool same_loop = interface.loopback && towards.host >> 24 == 127;
        if (interface.host != towards.host && !same_loop) continue;
        towards.name = interface.name;
        towards.mtu = interface.mtu;
        towards.loopback = interface.loopback;
        break;
    }
    return towards;
}

bool parse_host(const std::string& text, std::uint32_t& host) {
    in_addr address{};
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1) return false;
    host = ntohl(address.s_addr);
    return true;
}

std::string host_text(std::uint32_t host) {
    return std::to_string(host >> 24) + "." + std::to_string(host >> 16 & 0xFF) + "." +
           std::to_string(host >> 8 & 0xFF) + "." + std::to_string(host & 0xFF);
}

}  // namespace opal::drivers::gige
