// LineExchange: a command out, its reply lines in, over a serial line. One exchange at a time; what
// arrived late for an earlier command is thrown away before the next.
#pragma once

#include "hal/error.h"
#include "hal/serial_line.h"
#include "protocol/text_lines.h"

#include <memory>
#include <string>
#include <string_view>

namespace opal::drivers {

class LineExchange {
public:
    // `device`: for messages. `clock` must outlive it.
    LineExchange(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock, std::string device,
                 hal::Duration patience);

    const std::string& device() const { return device_; }
    // Sends `command`, its end of line included, and returns the first line of the reply. A line
    // that repeats the command is skipped. Throws DeviceError{timeout, disconnected, corrupt}.
    std::string ask(std::string_view command);
    // The next line of the same reply.
    std::string next_line(std::string_view command);

private:
    [[noreturn]] void fail(hal::ErrorKind kind, std::string_view command,
                           const std::string& text) const;

    std::unique_ptr<hal::SerialLine> line_;
    hal::Clock& clock_;
    std::string device_;
    hal::Duration patience_;
    protocol::LineSplitter lines_;
};

}  // namespace opal::drivers
