// MemoryPipe: one direction of a byte stream inside the process: bytes written at one end arrive at
// the other after their time on the wire, in pieces, on virtual time. TCP and serial ends are made
// of two of them.
#pragma once

#include "hal/clock.h"
#include "sim/table/virtual_clock.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

namespace opal::sim {

struct PipeWire {
    hal::Duration latency{0};
    hal::Duration time_per_byte{0};  // 0: any number of bytes at once
    std::size_t piece_bytes = 1460;  // longer writes arrive in pieces of this size
    std::size_t room_bytes = 65536;  // on the way and unread; a writer waits when it is used up
};

// Shared by its two ends and by what is on the way.
class MemoryPipe : public std::enable_shared_from_this<MemoryPipe> {
public:
    MemoryPipe(VirtualClock& clock, PipeWire wire) : clock_(clock), wire_(wire) {}

    enum class End { open, closed };

    // Takes as many bytes as there is room for until the deadline; how many.
    std::size_t write(std::span<const std::byte> bytes, hal::Deadline deadline);
    // Waits for at least one byte; 0 at the deadline, or at once when the writer has closed and
    // everything has been read.
    std::size_t read(std::span<std::byte> into, hal::Deadline deadline);
    void discard_arrived();
    // No more bytes; what is on the way still arrives.
    void close_after_data();
    // At once: what is on the way is lost, what has arrived can still be read.
    void cut();
    End end() const;  // closed: no byte will come any more
    bool cut_off() const;

    // Called after bytes or the end have arrived.
    void on_arrival(std::function<void()> act);

private:
    void arrive(std::size_t bytes, bool last);

    VirtualClock& clock_;
    const PipeWire wire_;
    mutable std::mutex mutex_;
    std::deque<std::byte> bytes_;  // arrived ones first, then those on the way
    std::size_t arrived_ = 0;
    hal::Time wire_free_{};  // when the last byte sent so far has left
    bool closing_ = false;   // the writer sends no more
    bool closed_ = false;    // and the reader knows
    bool cut_ = false;
    std::function<void()> act_;
};

}  // namespace opal::sim
