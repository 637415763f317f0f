// MessageChannel: receiving, acknowledging, counting.
#include "drivers/gige/message_channel.h"

#include "hal/error.h"
#include "protocol/gvcp_messages.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace opal::drivers::gige {

namespace gvcp = protocol::gvcp;

namespace {

constexpr hal::Duration thread_patience = std::chrono::milliseconds(50);
constexpr int most_waiting = 10000;  // messages taken in at once where there is no thread

}  // namespace

MessageChannel::MessageChannel(hal::UdpPort& port, hal::Clock& clock, hal::UdpAddress device,
                               bool own_thread)
    : port_(port), clock_(clock), device_(device) {
    if (own_thread) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void MessageChannel::count(std::uint16_t event_id) {
    if (!thread_.joinable()) counted();
    const std::lock_guard lock(mutex_);
    event_id_ = event_id;
    counted_ = 0;
}

std::uint64_t MessageChannel::counted() {
    if (!thread_.joinable())
        for (int i = 0; i < most_waiting && pump(hal::Deadline{clock_.now()}); ++i) {
        }
    const std::lock_guard lock(mutex_);
    return counted_;
}

bool MessageChannel::pump(hal::Deadline deadline) {
    hal::UdpArrival arrival;
    arrival.room = room_;
    if (port_.receive({&arrival, 1}, deadline) == 0) return false;
    if (!arrival.truncated && arrival.from.host == device_.host)
        take(std::span(room_).first(arrival.length), arrival.from);
    return true;
}

void MessageChannel::take(std::span<const std::byte> datagram, hal::UdpAddress from) {
    const auto command = gvcp::decode_command(datagram);
    if (!command) return;
    const bool with_data = command->command == gvcp::Command::event_data;
    if (!with_data && command->command != gvcp::Command::event) return;
    if (command->wants_ack()) {
        std::array<std::byte, gvcp::header_size> ack;
        const std::size_t size = gvcp::encode_empty_ack(gvcp::Status::success, command->command,
                                                        command->request_id, ack);
        port_.send(from, std::span(ack).first(size));
    }
    const std::lock_guard lock(mutex_);
    // Said again because the answer was lost.
    if (std::find(recent_.begin(), recent_.end(), command->request_id) != recent_.end()) return;
    recent_[next_recent_] = command->request_id;
    next_recent_ = (next_recent_ + 1) % recent_.size();
    const auto note = [&](const gvcp::Event& event) { counted_ += event.id == event_id_ ? 1 : 0; };
    if (with_data) {
        if (const auto event = gvcp::decode_event_data(command->payload, command->extended_ids()))
            note(event->event);
    } else if (const auto events = gvcp::decode_events(command->payload, command->extended_ids())) {
        for (std::size_t i = 0; i < events->size(); ++i) note((*events)[i]);
    }
}

void MessageChannel::run(const std::stop_token& stop) {
    try {
        while (!stop.stop_requested()) pump(hal::Deadline::after(clock_, thread_patience));
    } catch (const hal::DeviceError&) {
        // The network is gone; control and stream say so.
    }
}

}  // namespace opal::drivers::gige
