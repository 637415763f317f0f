// MemoryTcp: the two ends of a TCP connection inside the process, on virtual time.
#pragma once

#include "hal/tcp_stream.h"
#include "sim/doors/memory_pipe.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace opal::sim {

class MemoryTcpStream final : public hal::TcpStream {
public:
    MemoryTcpStream(std::string peer, std::shared_ptr<MemoryPipe> out,
                    std::shared_ptr<MemoryPipe> in);
    ~MemoryTcpStream() override;

    const std::string& peer() const override { return peer_; }
    void write(std::span<const std::byte> bytes, hal::Deadline deadline) override;
    std::size_t read(std::span<std::byte> into, hal::Deadline deadline) override;
    void close() override;

    // The cable is pulled: both ends are disconnected.
    void unplug();
    // For instruments that react instead of waiting: called when bytes or the end have arrived. It
    // must not wait; read() with a deadline that has passed does not.
    void on_arrival(std::function<void()> act);

private:
    const std::string peer_;
    std::shared_ptr<MemoryPipe> out_;
    std::shared_ptr<MemoryPipe> in_;
    std::atomic<bool> closed_{false};
};

// The clock outlives both ends. `near_peer` is what the first end calls its peer: the second.
std::pair<std::unique_ptr<MemoryTcpStream>, std::unique_ptr<MemoryTcpStream>> make_tcp_pair(
    VirtualClock& clock, std::string near_peer, std::string far_peer, PipeWire wire = {});

}  // namespace opal::sim
