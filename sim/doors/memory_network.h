// MemoryNetwork: a UDP network inside the process, on virtual time. Datagrams take `latency`,
// arrive in order, and are lost only where a receiver's buffer is full. Addresses are free to
// choose: a machine exists where a port is opened.
#pragma once

#include "hal/udp_port.h"
#include "sim/table/virtual_clock.h"

#include <functional>
#include <memory>

namespace opal::sim {

struct MemoryUdpOptions {
    // Opened on every interface (0.0.0.0), as needed to hear broadcasts; else on its address only.
    bool hears_broadcast = true;
    std::size_t receive_buffer_bytes = 212992;  // Linux' default
    // What the path takes unfragmented, UDP payload; 0: fragments pass.
    std::size_t largest_unfragmented = 0;
};

class MemoryUdpPort : public hal::UdpPort {
public:
    // For instruments that react instead of waiting: called when a datagram has arrived. It must
    // not wait; receive() with a deadline that has passed does not.
    virtual void on_arrival(std::function<void()> act) = 0;
};

class MemoryNetwork {
public:
    // The clock outlives the network and its ports.
    explicit MemoryNetwork(VirtualClock& clock, hal::Duration latency = {});
    ~MemoryNetwork();

    // local.host: the machine's address, not 0. local.port 0: any free one. Ports outlive the
    // network; without it they are disconnected.
    std::unique_ptr<MemoryUdpPort> open_udp(hal::UdpAddress local, MemoryUdpOptions options = {});

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace opal::sim
