// StreamReceiver: who reads when.
#include "drivers/u3v/stream_receiver.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace opal::drivers::u3v {
namespace {

// How long the thread waits for the next transfer before it looks whether it is to end: two frames,
// within these limits. Waking up between the frames of a slow camera for nothing is what most of
// its processor time would go into; nobody notices two frames more when a stream ends.
constexpr hal::Duration shortest_wait = std::chrono::milliseconds(4);
constexpr hal::Duration longest_wait = std::chrono::milliseconds(40);

}  // namespace

// The reader's counts as they are at the end of a scope, however it ends.
struct StreamReceiver::Publish {
    StreamReceiver& to;
    ~Publish() {
        const std::lock_guard lock(to.statistics_mutex_);
        to.statistics_ = to.reader_.statistics();
    }
};

StreamReceiver::StreamReceiver(hal::UsbDevice& usb, const protocol::u3v::Channel& endpoint,
                               hal::Clock& clock, std::string name, StreamOptions options,
                               StreamReader::Enable enable, bool own_thread)
    : clock_(clock),
      own_thread_(own_thread),
      reader_(usb, endpoint, store_, clock, std::move(name), options, std::move(enable)) {}

void StreamReceiver::begin(const StreamReader::Sizes& sizes, std::uint64_t room) {
    store_.begin(room);
    {
        const Publish publish{*this};
        reader_.begin(sizes);
    }
    if (own_thread_) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void StreamReceiver::end() {
    thread_ = {};
    reader_.end();
    store_.end();
}

bool StreamReceiver::pump(hal::Deadline deadline) {
    const Publish publish{*this};
    return reader_.pump(deadline);
}

void StreamReceiver::run(const std::stop_token& stop) {
    try {
        hal::Duration wait = shortest_wait;
        hal::Time last = clock_.now();
        std::uint64_t frames = 0;
        while (!stop.stop_requested()) {
            pump(hal::Deadline::after(clock_, wait));
            if (reader_.statistics().frames == frames) continue;
            frames = reader_.statistics().frames;
            const hal::Time now = clock_.now();
            wait = std::clamp(2 * (now - last), shortest_wait, longest_wait);
            last = now;
        }
    } catch (...) {
        store_.fail(std::current_exception());
    }
}

StreamStatistics StreamReceiver::statistics() {
    const std::lock_guard lock(statistics_mutex_);
    return statistics_;
}

std::optional<genapi::WireFrame> StreamReceiver::receive(hal::Deadline deadline) {
    if (own_thread_) {
        store_.wait(deadline);
        return store_.take();
    }
    try {
        // Everything that is there is taken in first: what finds no room by now is lost by now.
        while (pump({clock_.now()})) {
        }
        for (;;) {
            if (auto frame = store_.take()) return frame;
            if (deadline.passed(clock_)) return std::nullopt;
            pump(deadline);
        }
    } catch (const std::exception&) {
        store_.fail(std::current_exception());
        return store_.take();
    }
}

}  // namespace opal::drivers::u3v
