// Dlpc900Link: see dlpc900_link.h.
#include "drivers/dlpc900/dlpc900_link.h"

#include <fmt/format.h>

#include <array>

namespace opal::drivers {

using hal::Deadline;
using hal::ErrorKind;
using protocol::Dlpc900Command;
using protocol::Dlpc900Reply;
using protocol::Dlpc900Word;
using namespace std::chrono_literals;

namespace {

constexpr hal::Duration patience = 5s;  // mcSIM's; TI's own program waits 10 s
constexpr std::uint8_t out_endpoint = 0x01;
constexpr std::uint8_t in_endpoint = 0x81;

}  // namespace

Dlpc900Link::Dlpc900Link(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock)
    : usb_(std::move(device)), clock_(clock), name_("dlpc900 " + usb_->info().place) {
    usb_->claim(0);
}

void Dlpc900Link::write(Dlpc900Word word, std::vector<std::byte> data, const char* operation) {
    const std::uint8_t sequence = ++sequence_;
    transmit({false, true, sequence, static_cast<std::uint16_t>(word), std::move(data)});
    if (receive(sequence, operation).refused) fail_refused(word, last_error(operation), operation);
}

void Dlpc900Link::send(Dlpc900Word word, std::vector<std::byte> data) {
    transmit({false, false, ++sequence_, static_cast<std::uint16_t>(word), std::move(data)});
}

std::vector<std::byte> Dlpc900Link::read(Dlpc900Word word, std::size_t least,
                                         const char* operation) {
    const std::uint8_t sequence = ++sequence_;
    transmit({true, true, sequence, static_cast<std::uint16_t>(word), {}});
    Dlpc900Reply reply = receive(sequence, operation);
    if (reply.refused) fail_refused(word, last_error(operation), operation);
    if (reply.data.size() < least)
        fail(ErrorKind::corrupt, operation,
             fmt::format("{} bytes came in answer to {:04X}; {} were due", reply.data.size(),
                         static_cast<unsigned>(word), least));
    return std::move(reply.data);
}

void Dlpc900Link::transmit(const Dlpc900Command& command) {
    for (const auto& report : encode(command)) {
        usb_->write(out_endpoint, report, Deadline::after(clock_, patience));
        bytes_sent_ += report.size();
    }
}

// A reply to an earlier command that was given up is passed over.
Dlpc900Reply Dlpc900Link::receive(std::uint8_t sequence, const char* operation) {
    const Deadline deadline = Deadline::after(clock_, patience);
    std::array<std::byte, protocol::dlpc900_report_bytes> report;
    replies_.clear();
    for (;;) {
        const auto count = usb_->read(in_endpoint, report, deadline);
        if (!count)
            fail(ErrorKind::timeout, operation,
                 "no reply within 5 s; switch the board off and on if it stays like that");
        const auto reply = replies_.take(std::span(report).first(*count));
        if (reply && reply->sequence == sequence) return *reply;
    }
}

int Dlpc900Link::last_error(const char* operation) {
    const std::uint8_t sequence = ++sequence_;
    transmit({true, true, sequence, static_cast<std::uint16_t>(Dlpc900Word::error_code), {}});
    const Dlpc900Reply reply = receive(sequence, operation);
    return reply.refused || reply.data.empty() ? -1 : std::to_integer<int>(reply.data[0]);
}

void Dlpc900Link::check_taken(Dlpc900Word word, const char* operation) {
    const int code = last_error(operation);
    if (code != 0) fail_refused(word, code, operation);
}

void Dlpc900Link::fail_refused(Dlpc900Word word, int code, const char* operation) const {
    const std::string_view words = protocol::dlpc900_error_text(code);
    fail(ErrorKind::refused, operation,
         fmt::format("command {:04X} was refused, error {}: {}", static_cast<unsigned>(word), code,
                     words.empty() ? "undefined" : words));
}

void Dlpc900Link::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw hal::DeviceError(kind, name_, operation, text);
}

}  // namespace opal::drivers
