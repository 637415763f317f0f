// MemoryPipe: arrival times, and waiting by letting virtual time pass.
#include "sim/doors/memory_pipe.h"

#include <algorithm>
#include <utility>

namespace opal::sim {

std::size_t MemoryPipe::write(std::span<const std::byte> bytes, hal::Deadline deadline) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        clock_.run_due();
        {
            std::unique_lock lock(mutex_);
            if (closing_ || cut_) return taken;
            const std::size_t room = wire_.room_bytes - std::min(wire_.room_bytes, bytes_.size());
            const std::size_t count = std::min({bytes.size() - taken, room, wire_.piece_bytes});
            if (count > 0) {
                const auto piece = bytes.subspan(taken, count);
                bytes_.insert(bytes_.end(), piece.begin(), piece.end());
                taken += count;
                wire_free_ = std::max(wire_free_, clock_.now()) +
                             static_cast<hal::Duration::rep>(count) * wire_.time_per_byte;
                clock_.call_at(wire_free_ + wire_.latency,
                               [self = shared_from_this(), count] { self->arrive(count, false); });
                continue;
            }
        }
        if (deadline.passed(clock_)) return taken;
        clock_.wait_for_act(deadline.at);
    }
    return taken;
}

std::size_t MemoryPipe::read(std::span<std::byte> into, hal::Deadline deadline) {
    if (into.empty()) return 0;
    for (;;) {
        clock_.run_due();
        {
            const std::lock_guard lock(mutex_);
            const std::size_t count = std::min(into.size(), arrived_);
            if (count > 0) {
                const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(count);
                std::copy(bytes_.begin(), end, into.begin());
                bytes_.erase(bytes_.begin(), end);
                arrived_ -= count;
                return count;
            }
            if (closed_) return 0;
        }
        if (deadline.passed(clock_)) return 0;
        clock_.wait_for_act(deadline.at);
    }
}

void MemoryPipe::discard_arrived() {
    clock_.run_due();
    const std::lock_guard lock(mutex_);
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(arrived_));
    arrived_ = 0;
}

void MemoryPipe::close_after_data() {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
    clock_.call_at(std::max(wire_free_, clock_.now()) + wire_.latency,
                   [self = shared_from_this()] { self->arrive(0, true); });
}

void MemoryPipe::cut() {
    std::function<void()> act;
    {
        const std::lock_guard lock(mutex_);
        bytes_.resize(arrived_);
        closing_ = closed_ = cut_ = true;
        act = act_;
    }
    if (act) act();
}

MemoryPipe::End MemoryPipe::end() const {
    const std::lock_guard lock(mutex_);
    return closed_ && arrived_ == 0 ? End::closed : End::open;
}

bool MemoryPipe::cut_off() const {
    const std::lock_guard lock(mutex_);
    return cut_;
}

void MemoryPipe::on_arrival(std::function<void()> act) {
    const std::lock_guard lock(mutex_);
    act_ = std::move(act);
}

void MemoryPipe::arrive(std::size_t bytes, bool last) {
    std::function<void()> act;
    {
        const std::lock_guard lock(mutex_);
        if (cut_) return;
        arrived_ += bytes;
        closed_ = closed_ || last;
        act = act_;
    }
    if (act) act();
}

}  // namespace opal::sim
