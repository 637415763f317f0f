// MemoryTcp: two pipes and the rules of closing.
#include "sim/doors/memory_tcp.h"

#include "hal/error.h"

#include <fmt/format.h>

namespace opal::sim {

using hal::DeviceError;
using hal::ErrorKind;

MemoryTcpStream::MemoryTcpStream(std::string peer, std::shared_ptr<MemoryPipe> out,
                                 std::shared_ptr<MemoryPipe> in)
    : peer_(std::move(peer)), out_(std::move(out)), in_(std::move(in)) {}

MemoryTcpStream::~MemoryTcpStream() {
    in_->on_arrival({});
    close();
}

void MemoryTcpStream::write(std::span<const std::byte> bytes, hal::Deadline deadline) {
    if (closed_) throw DeviceError(ErrorKind::disconnected, peer_, "write", "the stream is closed");
    // A peer that has closed reads no more; a real network says so with a reset.
    if (in_->end() == MemoryPipe::End::closed)
        throw DeviceError(ErrorKind::disconnected, peer_, "write", "the peer closed the stream");
    const std::size_t taken = out_->write(bytes, deadline);
    if (taken == bytes.size()) return;
    const bool cut = out_->cut_off();
    close();
    if (cut) throw DeviceError(ErrorKind::disconnected, peer_, "write", "the connection was lost");
    throw DeviceError(ErrorKind::timeout, peer_, "write",
                      fmt::format("{} of {} bytes taken when the deadline passed; the stream is "
                                  "closed, connect again",
                                  taken, bytes.size()));
}

std::size_t MemoryTcpStream::read(std::span<std::byte> into, hal::Deadline deadline) {
    if (closed_) throw DeviceError(ErrorKind::disconnected, peer_, "read", "the stream is closed");
    if (into.empty()) return 0;
    const std::size_t count = in_->read(into, deadline);
    if (count == 0 && in_->end() == MemoryPipe::End::closed)
        throw DeviceError(
            ErrorKind::disconnected, peer_, "read",
            in_->cut_off() ? "the connection was lost" : "the peer closed the stream");
    return count;
}

void MemoryTcpStream::close() {
    if (closed_.exchange(true)) return;
    out_->close_after_data();
}

void MemoryTcpStream::unplug() {
    out_->cut();
    in_->cut();
}

void MemoryTcpStream::on_arrival(std::function<void()> act) {
    in_->on_arrival(std::move(act));
}

std::pair<std::unique_ptr<MemoryTcpStream>, std::unique_ptr<MemoryTcpStream>> make_tcp_pair(
    VirtualClock& clock, std::string near_peer, std::string far_peer, PipeWire wire) {
    const auto there = std::make_shared<MemoryPipe>(clock, wire);
    const auto back = std::make_shared<MemoryPipe>(clock, wire);
    return {std::make_unique<MemoryTcpStream>(std::move(near_peer), there, back),
            std::make_unique<MemoryTcpStream>(std::move(far_peer), back, there)};
}

}  // namespace opal::sim
