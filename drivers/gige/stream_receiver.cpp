// StreamReceiver: batches of datagrams in, finished blocks out.
#include "drivers/gige/stream_receiver.h"

#include "hal/error.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace opal::drivers::gige {

using hal::Deadline;
using hal::Time;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t batch = 64;                       // datagrams fetched at once
constexpr std::size_t largest_packet = 16 * 1024 + 64;  // of a camera: 16404 with all headers
constexpr hal::Duration thread_patience = 50ms;         // how long ending the thread may take
// Waits of the host have an end: a condition variable cannot wait for ever.
constexpr hal::Duration longest_wait = std::chrono::hours(24);

}  // namespace

StreamReceiver::StreamReceiver(hal::UdpPort& port, hal::Clock& clock, hal::UdpAddress device,
                               std::uint16_t source_port, bool own_thread)
    : port_(port),
      clock_(clock),
      device_(device),
      source_port_(source_port),
      assembler_([this](const protocol::gvcp::PacketResend& request) {
          std::array<std::byte, 64> command;
          const std::size_t size =
              protocol::gvcp::encode_packet_resend(next_request_, request, command);
          next_request_ = next_request_ == 0xFFFF ? std::uint16_t{1}
                                                  : static_cast<std::uint16_t>(next_request_ + 1);
          if (size > 0) port_.send(device_, std::span(command).first(size));
      }),
      room_bytes_(batch * largest_packet),
      arrivals_(batch) {
    for (std::size_t i = 0; i < batch; ++i)
        arrivals_[i].room = std::span(room_bytes_).subspan(i * largest_packet, largest_packet);
    if (own_thread) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

StreamReceiver::~StreamReceiver() = default;

void StreamReceiver::begin(const AssemblerOptions& options, std::uint64_t room) {
    const std::lock_guard lock(mutex_);
    for (auto& received : finished_) assembler_.recycle(std::move(received.block.data));
    finished_.clear();
    assembler_.reset(options);
    assembler_.continue_after(last_id_);
    room_ = room;
    running_ = true;
    overrun_ = interrupted_ = false;
    if (thread_.joinable()) return;
    while (port_.receive(arrivals_, Deadline{clock_.now()}) > 0) {
    }
}

void StreamReceiver::end() {
    const std::lock_guard lock(mutex_);
    if (assembler_.newest_id() != 0) last_id_ = assembler_.newest_id();
    running_ = false;
    for (auto& received : finished_) assembler_.recycle(std::move(received.block.data));
    finished_.clear();
}

void StreamReceiver::interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    arrived_.notify_all();
}

AssemblerStatistics StreamReceiver::statistics() {
    const std::lock_guard lock(mutex_);
    return assembler_.statistics();
}

void StreamReceiver::recycle(std::vector<std::byte> data) {
    const std::lock_guard lock(mutex_);
    assembler_.recycle(std::move(data));
}

void StreamReceiver::store_finished() {
    while (auto block = assembler_.finished()) {
        if (finished_.size() >= room_) {
            overrun_ = true;
            assembler_.recycle(std::move(block->data));
            continue;
        }
        finished_.push_back({std::move(*block), overrun_});
        overrun_ = false;
        arrived_.notify_one();
    }
}

// One batch, and what is due by then.
void StreamReceiver::pump(Deadline deadline) {
    {
        const std::lock_guard lock(mutex_);
        if (running_) deadline.at = std::min(deadline.at, assembler_.next_tending());
    }
    const std::size_t count = port_.receive(arrivals_, deadline);
    const Time now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    for (std::size_t i = 0; i < count; ++i) {
        const hal::UdpArrival& arrival = arrivals_[i];
        // Others may send here too.
        if (arrival.truncated || arrival.from.host != device_.host) continue;
        if (source_port_ != 0 && arrival.from.port != source_port_) continue;
        assembler_.take(arrival.room.first(arrival.length), now);
        store_finished();
    }
    assembler_.tend(now);
    store_finished();
}

void StreamReceiver::run(const std::stop_token& stop) {
    try {
        while (!stop.stop_requested()) pump(Deadline::after(clock_, thread_patience));
    } catch (...) {
        const std::lock_guard lock(mutex_);
        fault_ = std::current_exception();
        arrived_.notify_all();
    }
}

std::optional<ReceivedBlock> StreamReceiver::receive(Deadline deadline) {
    const auto take = [&]() -> std::optional<ReceivedBlock> {
        if (fault_) std::rethrow_exception(fault_);
        if (finished_.empty()) return std::nullopt;
        ReceivedBlock first = std::move(finished_.front());
        finished_.pop_front();
        return first;
    };
    if (thread_.joinable()) {
        std::unique_lock lock(mutex_);
        const auto ready = [&] { return !finished_.empty() || interrupted_ || fault_; };
        const Time latest = std::min(deadline.at, clock_.now() + longest_wait);
        arrived_.wait_until(lock, latest, ready);
        return take();
    }
    // Everything that is there is taken in first: what finds no room by now is lost by now.
    const Deadline now{clock_.now()};
    for (;;) {
        const std::uint64_t before = statistics().packets;
        pump(now);
        if (statistics().packets == before) break;
    }
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (auto block = take()) return block;
            if (interrupted_) return std::nullopt;
        }
        if (deadline.passed(clock_)) return std::nullopt;
        pump(deadline);
    }
}

}  // namespace opal::drivers::gige
