// SerialLine: a serial line, as most laser drivers need it: an RS-232 port, or a USB device that
// looks like one.
//
// The line has no connection: a silent device and a missing one look alike until a deadline passes.
#pragma once

#include "hal/clock.h"

#include <cstddef>
#include <span>
#include <string>

namespace opal::hal {

enum class Parity { none, even, odd };

// Eight data bits and no flow control: what the lasers we know use.
struct SerialSettings {
    int baud = 115200;
    Parity parity = Parity::none;
    int stop_bits = 1;  // 1 or 2
    bool operator==(const SerialSettings&) const = default;
};

// For users:
//   - write() returns when all bytes have been taken for sending; if the deadline passes first it
//     throws timeout, and part of them may have been sent.
//   - read() waits for at least one byte and returns how many came, at most the size of `into`; 0
//     if the deadline passed first. Bytes that are there are returned whatever the deadline.
//   - discard_input() drops what has arrived and was not read: the late reply to a command given
//     up, which would otherwise be taken for the reply to the next.
//   - After a timeout the line stays usable.
//   - When the adapter is unplugged, read() first returns what arrived before; then everything
//     throws disconnected, for good.
//   - An empty span reads or writes nothing and returns at once.
//   - Calls come from one thread at a time. Deadlines are on the clock the line was opened with.
// For drivers:
//   - Bytes pass unchanged: no echo, no line editing, no translation of carriage returns.
//   - Opening takes the line for this process alone where the system can do that.
class SerialLine {
public:
    virtual ~SerialLine() = default;
    virtual const std::string& name() const = 0;  // for people: "/dev/ttyACM0"
    virtual const SerialSettings& settings() const = 0;
    virtual void write(std::span<const std::byte> bytes, Deadline deadline) = 0;
    virtual std::size_t read(std::span<std::byte> into, Deadline deadline) = 0;
    virtual void discard_input() = 0;
};

}  // namespace opal::hal
