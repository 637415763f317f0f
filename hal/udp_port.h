// UdpPort: one bound UDP port, as camera drivers need it: datagrams out, datagrams in by the batch.
//
// Carries GigE Vision: control (one small datagram each way, retried by the driver), discovery
// (broadcast) and streams (thousands of datagrams a second into buffers prepared beforehand).
#pragma once

#include "hal/clock.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace opal::hal {

// An IPv4 address and port, both as numbers: 127.0.0.1 is 0x7F000001.
struct UdpAddress {
    std::uint32_t host = 0;
    std::uint16_t port = 0;
    bool operator==(const UdpAddress&) const = default;
};
std::string to_string(UdpAddress address);  // "127.0.0.1:3956"

inline constexpr std::uint32_t any_host = 0;            // every interface of this machine
inline constexpr std::uint32_t everyone = 0xFFFFFFFFu;  // broadcast on the local network
inline constexpr std::size_t largest_datagram = 65507;  // bytes a UDP datagram can carry

// Room for one datagram, and what came.
struct UdpArrival {
    std::span<std::byte> room;  // given by the caller, kept by it
    std::span<std::byte> more;  // the same: where a datagram goes on that is longer than `room`
    std::size_t length = 0;     // bytes of the datagram, in `room` and then in `more`
    UdpAddress from;
    bool truncated = false;  // the datagram was longer than both; the rest is lost
};

struct UdpPortStatus {
    std::size_t receive_buffer_bytes = 0;  // what waits here until receive() is called
    std::uint64_t dropped = 0;  // datagrams lost since opening because it was full, if known
};

// For users:
//   - Datagrams may be lost, doubled or reordered on the way, never changed or merged. Nobody
//     listening at the other end is not an error: it is silence.
//   - send() hands one datagram to the network and does not wait for anyone. More than
//     largest_datagram, or more than the path takes unfragmented where that was asked for at
//     opening, throws out_of_range. An empty datagram is a datagram.
//   - receive() fills arrivals from the first on with what is there, without waiting for more than
//     one, and returns how many; 0 if the deadline passed first. What is there is returned whatever
//     the deadline. No arrivals to fill: 0 at once.
//   - send() and receive() may run in two threads at the same time; each in one at a time.
//   - Deadlines are on the clock the port was opened with.
// For drivers:
//   - A port whose network is gone throws disconnected from then on; one unreachable peer is no
//     reason.
//   - receive() allocates nothing.
class UdpPort {
public:
    virtual ~UdpPort() = default;
    virtual UdpAddress local() const = 0;  // with the real port if 0 was asked for
    virtual void send(UdpAddress to, std::span<const std::byte> bytes) = 0;
    virtual std::size_t receive(std::span<UdpArrival> arrivals, Deadline deadline) = 0;
    virtual UdpPortStatus status() = 0;
};

}  // namespace opal::hal
