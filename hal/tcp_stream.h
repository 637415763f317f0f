// TcpStream: one connected TCP stream, as laser drivers on a network need it: bytes in order, both
// ways, until one side ends it.
#pragma once

#include "hal/clock.h"

#include <cstddef>
#include <span>
#include <string>

namespace opal::hal {

// For users:
//   - A stream has no messages: one write may arrive in pieces, several in one. Framing is the
//     protocol's business.
//   - write() returns when all bytes have been taken for delivery. If the deadline passes first it
//     throws timeout; as nobody can know how much the peer will see, the stream is closed.
//   - read() waits for at least one byte and returns how many came, at most the size of `into`; 0
//     if the deadline passed first. Bytes that are there are returned whatever the deadline.
//   - When the peer has closed, read() first returns what arrived before, then throws disconnected;
//     write() throws disconnected, perhaps not the first time.
//   - close() is idempotent; afterwards read() and write() throw disconnected. Destroying closes.
//   - An empty span reads or writes nothing and returns at once.
//   - read() and write() may run in two threads at the same time; each in one at a time.
//   - Deadlines are on the clock the stream was opened with.
// For drivers:
//   - Small writes are sent at once (no Nagle delay): laser commands are a dozen bytes.
class TcpStream {
public:
    virtual ~TcpStream() = default;
    virtual const std::string& peer() const = 0;  // for people: "192.168.1.5:1998"
    virtual void write(std::span<const std::byte> bytes, Deadline deadline) = 0;
    virtual std::size_t read(std::span<std::byte> into, Deadline deadline) = 0;
    virtual void close() = 0;
};

}  // namespace opal::hal
