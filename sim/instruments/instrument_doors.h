// InstrumentDoors: how datagrams get from a port to a virtual instrument: at once, on a network in
// memory; by a thread that waits for them, on a real one.
#pragma once

#include "hal/udp_port.h"
#include "sim/doors/memory_network.h"
#include "sim/table/virtual_clock.h"

#include <cstddef>
#include <functional>
#include <span>
#include <thread>

namespace opal::sim {

using DatagramHandler = std::function<void(hal::UdpAddress from, std::span<const std::byte>)>;

// Every datagram that arrives at `port` is handed over, on virtual time. The port must not be used
// for receiving otherwise.
void hand_over(MemoryUdpPort& port, DatagramHandler handler);

// A thread that waits at a real port and hands over what comes. Destroying it ends the thread.
class PortThread {
public:
    // `clock`: that of the port.
    PortThread(hal::UdpPort& port, const hal::Clock& clock, DatagramHandler handler);

private:
    std::jthread thread_;
};

// A thread that lets a bench's time pass, on a clock that keeps pace with the host's. Destroying it
// ends the thread.
class TimeThread {
public:
    explicit TimeThread(VirtualClock& clock);

private:
    std::jthread thread_;
};

}  // namespace opal::sim
