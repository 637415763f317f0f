// LineExchange: see line_exchange.h.
#include "drivers/lasers/line_exchange.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace opal::drivers {

using hal::Deadline;
using hal::ErrorKind;

LineExchange::LineExchange(std::unique_ptr<hal::SerialLine> line, ReopenSerialLine reopen,
                           hal::Clock& clock, std::string device, hal::Duration patience)
    : line_(std::move(line)),
      reopen_(std::move(reopen)),
      clock_(clock),
      device_(std::move(device)),
      patience_(patience) {}

std::string LineExchange::ask(std::string_view command) {
    if (!line_) fail(ErrorKind::disconnected, command, "the line is gone");
    line_->discard_input();
    lines_.clear();
    line_->write(protocol::bytes_of(command), Deadline::after(clock_, patience_));
    std::string line = next_line(command);
    if (line == command.substr(0, command.find_first_of("\r\n"))) line = next_line(command);
    return line;
}

std::string LineExchange::next_line(std::string_view command) {
    const Deadline deadline = Deadline::after(clock_, patience_);
    std::array<std::byte, 256> bytes;
    for (;;) {
        if (auto line = lines_.next()) return *line;
        if (lines_.overflowed())
            fail(ErrorKind::corrupt, command,
                 "a reply without end came; is this the right device?");
        const std::size_t count = line_->read(bytes, deadline);
        if (count == 0)
            fail(ErrorKind::timeout, command,
                 fmt::format(
                     "no reply within {} ms; check cable, power and baud rate",
                     std::chrono::duration_cast<std::chrono::milliseconds>(patience_).count()));
        lines_.add(std::span(bytes).first(count));
    }
}

void LineExchange::reconnect() {
    if (!reopen_) fail(ErrorKind::disconnected, "reconnect", "there is only one line to it");
    line_.reset();  // opened by one at a time
    lines_.clear();
    line_ = reopen_();
}

void LineExchange::fail(ErrorKind kind, std::string_view command, const std::string& text) const {
    throw hal::DeviceError(kind, device_,
                           std::string(command.substr(0, command.find_first_of("\r\n"))), text);
}

}  // namespace opal::drivers
