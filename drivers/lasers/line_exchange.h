// LineExchange: a command out, its reply lines in, over a serial line. One exchange at a time; what
// arrived late for an earlier command is thrown away before the next.
#pragma once

#include "hal/error.h"
#include "hal/serial_line.h"
#include "protocol/text_lines.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace opal::drivers {

// Another line to the same place; it throws what opening throws.
using ReopenSerialLine = std::function<std::unique_ptr<hal::SerialLine>()>;

class LineExchange {
public:
    // `device`: for messages. `clock` must outlive it. `reopen`: empty if there is only this line.
    LineExchange(std::unique_ptr<hal::SerialLine> line, ReopenSerialLine reopen, hal::Clock& clock,
                 std::string device, hal::Duration patience);

    const std::string& device() const { return device_; }
    // Sends `command`, its end of line included, and returns the first line of the reply. A line
    // that repeats the command is skipped. Throws DeviceError{timeout, disconnected, corrupt}.
    std::string ask(std::string_view command);
    // The next line of the same reply.
    std::string next_line(std::string_view command);
    // Goes on with another line. Throws disconnected if there is no way to one.
    void reconnect();

private:
    [[noreturn]] void fail(hal::ErrorKind kind, std::string_view command,
                           const std::string& text) const;

    std::unique_ptr<hal::SerialLine> line_;  // null only after a reconnect() that failed
    ReopenSerialLine reopen_;
    hal::Clock& clock_;
    std::string device_;
    hal::Duration patience_;
    protocol::LineSplitter lines_;
};

}  // namespace opal::drivers
