// GigeMessages: numbers, and what is still to be acknowledged.
#include "sim/instruments/gige/gige_messages.h"

#include "hal/error.h"

#include <algorithm>

namespace opal::sim {

namespace gvcp = protocol::gvcp;

namespace {

constexpr std::size_t most_waiting = 64;

}  // namespace

std::uint16_t GigeMessages::write(const gvcp::Event& event) {
    Waiting message;
    message.number = next_;
    next_ = next_ == 0xFFFF ? std::uint16_t{1} : static_cast<std::uint16_t>(next_ + 1);
    message.bytes.resize(gvcp::largest_datagram);
    message.bytes.resize(
        gvcp::encode_events(message.number, std::span(&event, 1), false, true, message.bytes));
    if (waiting_.size() >= most_waiting) waiting_.pop_front();
    waiting_.push_back(std::move(message));
    return waiting_.back().number;
}

bool GigeMessages::send(std::uint16_t number, hal::UdpAddress to, std::uint32_t retries) {
    const auto message = std::find_if(waiting_.begin(), waiting_.end(),
                                      [&](const Waiting& w) { return w.number == number; });
    if (message == waiting_.end()) return false;
    if (message->sent > retries) {
        waiting_.erase(message);
        return false;
    }
    ++message->sent;
    try {
        port_.send(to, message->bytes);
    } catch (const hal::DeviceError&) {
        // As lost on the way.
    }
    return true;
}

void GigeMessages::acknowledged(std::span<const std::byte> datagram) {
    const auto ack = gvcp::decode_ack(datagram);
    if (!ack || ack->ack != gvcp::ack_of(gvcp::Command::event)) return;
    std::erase_if(waiting_, [&](const Waiting& w) { return w.number == ack->request_id; });
}

}  // namespace opal::sim
