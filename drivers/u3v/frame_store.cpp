// FrameStore: a queue with a limit, and a pool.
#include "drivers/u3v/frame_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace opal::drivers::u3v {
namespace {

// A condition variable cannot wait for ever.
constexpr hal::Duration longest_wait = std::chrono::hours(24);

}  // namespace

void FrameStore::begin(std::uint64_t room) {
    end();
    const std::lock_guard lock(mutex_);
    room_ = room;
    overrun_ = false;
    fault_ = nullptr;
}

void FrameStore::end() {
    const std::lock_guard lock(mutex_);
    for (genapi::WireFrame& frame : frames_) pool_.push_back(std::move(frame.data));
    frames_.clear();
}

std::vector<std::byte> FrameStore::storage(std::size_t bytes) {
    std::vector<std::byte> data;
    {
        const std::lock_guard lock(mutex_);
        if (!pool_.empty()) {
            data = std::move(pool_.back());
            pool_.pop_back();
        }
    }
    data.resize(bytes);
    return data;
}

void FrameStore::recycle(std::vector<std::byte> data) {
    if (data.capacity() == 0) return;
    const std::lock_guard lock(mutex_);
    pool_.push_back(std::move(data));
}

void FrameStore::store(genapi::WireFrame frame) {
    const std::lock_guard lock(mutex_);
    if (frames_.size() >= room_) {
        overrun_ = true;
        pool_.push_back(std::move(frame.data));
        return;
    }
    frame.after_overrun = std::exchange(overrun_, false);
    frames_.push_back(std::move(frame));
    arrived_.notify_one();
}

void FrameStore::fail(std::exception_ptr fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
    arrived_.notify_all();
}

std::optional<genapi::WireFrame> FrameStore::take() {
    const std::lock_guard lock(mutex_);
    if (frames_.empty()) {
        if (fault_) std::rethrow_exception(fault_);
        return std::nullopt;
    }
    genapi::WireFrame frame = std::move(frames_.front());
    frames_.pop_front();
    return frame;
}

void FrameStore::wait(hal::Deadline deadline) {
    std::unique_lock lock(mutex_);
    const hal::Time latest = std::min(deadline.at, hal::SteadyClock().now() + longest_wait);
    arrived_.wait_until(lock, latest, [&] { return !frames_.empty() || fault_; });
}

}  // namespace opal::drivers::u3v
