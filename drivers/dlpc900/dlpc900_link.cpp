// Dlpc900Link: see dlpc900_link.h.
#include "drivers/dlpc900/dlpc900_link.h"

#include <fmt/format.h>

#include <array>
#include <utility>

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

std::vector<std::byte> Dlpc900Link::first_read(Dlpc900Word word, std::size_t least,
                                               const char* operation) {
    try {
        return read(word, least, operation);
    } catch (const hal::DeviceError& error) {
        if (error.kind() != ErrorKind::timeout) throw;
    }
    fill_up(protocol::dlpc900_most_data / protocol::dlpc900_report_bytes + 1);
    return read(word, least, operation);
}

// What is cut short makes the device take the next commands for its rest.
void Dlpc900Link::transmit(const Dlpc900Command& command) {
    fill_up(std::exchange(owed_reports_, 0));
    const auto reports = encode(command);
    for (std::size_t i = 0; i < reports.size(); ++i) {
        owed_reports_ = i == 0 ? 0 : reports.size() - i;
        usb_->write(out_endpoint, reports[i], Deadline::after(clock_, patience));
        bytes_sent_ += reports[i].size();
    }
    owed_reports_ = 0;
}

void Dlpc900Link::fill_up(std::size_t reports) {
    constexpr protocol::Dlpc900Report nothing{};
    for (std::size_t i = 0; i < reports; ++i)
        usb_->write(out_endpoint, nothing, Deadline::after(clock_, patience));
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

// Empty: it has none, or none that make sense.
std::string Dlpc900Link::own_words(const char* operation) {
    const std::uint8_t sequence = ++sequence_;
    transmit({true, true, sequence, static_cast<std::uint16_t>(Dlpc900Word::error_text), {}});
    const Dlpc900Reply reply = receive(sequence, operation);
    std::string words;
    if (reply.refused) return words;
    for (const std::byte b : reply.data) {
        const auto letter = std::to_integer<unsigned char>(b);
        if (letter == 0) break;  // behind it may be the rest of an older, longer text
        words += letter >= 0x20 && letter < 0x7F ? static_cast<char>(letter) : '?';
    }
    return words;
}

void Dlpc900Link::fail_refused(Dlpc900Word word, int code, const char* operation) {
    const std::string_view meaning = protocol::dlpc900_error_text(code);
    std::string text =
        fmt::format("command {:04X} was refused, error {}: {}", static_cast<unsigned>(word), code,
                    meaning.empty() ? "undefined" : meaning);
    const std::string words = own_words(operation);
    if (!words.empty() && words != meaning) text += fmt::format("; the board says: {}", words);
    fail(ErrorKind::refused, operation, text);
}

void Dlpc900Link::fail(ErrorKind kind, const char* operation, const std::string& text) const {
    throw hal::DeviceError(kind, name_, operation, text);
}

}  // namespace opal::drivers
