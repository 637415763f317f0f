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
constexpr std::size_t header_room = protocol::gvsp::extended_header_size;
constexpr std::size_t slot_size = header_room + largest_packet;
// While this long no more comes in at 10 Gbit/s than a quarter of the receive buffer.
constexpr hal::Duration longest_gathering = 1ms;
constexpr std::size_t gathered_bytes_per_us = 1250;
constexpr hal::Duration thread_patience = 50ms;  // how long ending the thread may take
constexpr int most_left_over = 1000;             // batches from before a run
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
      gathering_(std::min<hal::Duration>(
          longest_gathering, std::chrono::microseconds(port.status().receive_buffer_bytes / 4 /
                                                       gathered_bytes_per_us))),
      slots_(batch * slot_size),
      arrivals_(batch),
      predicted_(batch),
      packets_(batch) {
    if (own_thread) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

StreamReceiver::~StreamReceiver() = default;

void StreamReceiver::begin(const AssemblerOptions& options, std::uint64_t room) {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) drop_left_over();
    for (auto& received : finished_) assembler_.recycle(std::move(received.block.data));
    finished_.clear();
    assembler_.reset(options);
    room_ = room;
    running_ = true;
    overrun_ = interrupted_ = false;
}

// What goes on arriving is not waited for: it is told apart by its time stamps.
void StreamReceiver::drop_left_over() {
    make_room();
    for (int i = 0; i < most_left_over; ++i) {
        const std::size_t count = port_.receive(arrivals_, Deadline{clock_.now()});
        if (count == 0) return;
        overhear(count);
    }
}

void StreamReceiver::end() {
    const std::lock_guard lock(mutex_);
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

// Headers end where the slots' data begin: a packet nothing is predicted of lies in one piece.
void StreamReceiver::make_room() {
    assembler_.predict(predicted_);
    const std::size_t header = assembler_.header_size();
    for (std::size_t i = 0; i < batch; ++i) {
        const std::span slot = std::span(slots_).subspan(i * slot_size, slot_size);
        const bool in_place = !predicted_[i].data.empty();
        arrivals_[i].room =
            slot.subspan(header_room - header, in_place ? header : slot_size - header_room);
        arrivals_[i].more = predicted_[i].data;
    }
}

// One batch, and what is due by then.
std::size_t StreamReceiver::pump(Deadline deadline) {
    {
        const std::lock_guard lock(mutex_);
        if (running_) deadline.at = std::min(deadline.at, assembler_.next_tending());
        make_room();
    }
    const std::size_t count = port_.receive(arrivals_, deadline);
    const Time now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (!running_) {
        overhear(count);
        return count;
    }
    take(count, now);
    assembler_.tend(now);
    store_finished();
    return count;
}

bool StreamReceiver::more_to_come() {
    const std::lock_guard lock(mutex_);
    return running_ && assembler_.outstanding() > 2 * batch;
}

// Others may send here too.
bool StreamReceiver::is_ours(const hal::UdpArrival& arrival) const {
    return !arrival.truncated && arrival.from.host == device_.host &&
           (source_port_ == 0 || arrival.from.port == source_port_);
}

// Of a run that is over.
void StreamReceiver::overhear(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const hal::UdpArrival& arrival = arrivals_[i];
        if (!is_ours(arrival)) continue;
        const std::size_t first = std::min(arrival.room.size(), arrival.length);
        if (const auto packet = protocol::gvsp::decode_packet(arrival.room.first(first)))
            assembler_.overhear(packet->header);
    }
}

void StreamReceiver::take(std::size_t count, Time now) {
    for (std::size_t i = 0; i < count; ++i) {
        const hal::UdpArrival& arrival = arrivals_[i];
        packets_[i].reset();
        if (!is_ours(arrival)) continue;
        const std::size_t first = std::min(arrival.room.size(), arrival.length);
        packets_[i] = protocol::gvsp::decode_packet(arrival.room.first(first));
        if (!packets_[i]) assembler_.take(arrival.room.first(first), now);  // counts it
        if (!packets_[i] || arrival.more.empty()) continue;
        protocol::gvsp::Packet& packet = *packets_[i];
        packet.payload = arrival.more.first(arrival.length - first);
        if (packet.header.block == predicted_[i].block &&
            packet.header.packet == predicted_[i].packet)
            continue;
        const auto aside =
            std::span(slots_).subspan(i * slot_size + header_room, packet.payload.size());
        std::copy(packet.payload.begin(), packet.payload.end(), aside.begin());
        packet.payload = aside;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!packets_[i]) continue;
        assembler_.take(*packets_[i], now);
        store_finished();
    }
}

void StreamReceiver::run(const std::stop_token& stop) {
    try {
        while (!stop.stop_requested()) {
            const std::size_t count = pump(Deadline::after(clock_, thread_patience));
            // In the middle of a large frame nobody waits for the next packet: many at a time cost
            // less than each as it comes.
            if (count < batch && more_to_come()) clock_.wait_for(gathering_);
        }
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
