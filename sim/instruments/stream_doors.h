// StreamDoors: how bytes get from a serial line or a TCP port to a virtual instrument: by a thread
// that waits for them. Destroying a door ends its thread.
//
// Rule: an instrument with two doors is used by two threads; whoever makes the doors gives their
// calls one mutex.
#pragma once

#include "hal/serial_line.h"
#include "hal/tcp_listener.h"

#include <cstddef>
#include <functional>
#include <span>
#include <thread>
#include <vector>

namespace opal::sim {

// What an instrument does at a door. All may be empty but `receive`. No bytes: nothing is sent.
struct StreamSession {
    std::function<std::vector<std::byte>()> connected;  // a host is there: what greets it
    std::function<std::vector<std::byte>(std::span<const std::byte>)> receive;
    std::function<std::vector<std::byte>()> idle;  // every 20 ms: what to send without being asked
};

class SerialThread {
public:
    // `clock`: that of the line.
    SerialThread(hal::SerialLine& line, const hal::Clock& clock, StreamSession session);

private:
    std::jthread thread_;
};

// One host at a time, as these instruments have it; the next one waits.
class ListenerThread {
public:
    ListenerThread(hal::TcpListener& listener, const hal::Clock& clock, StreamSession session);

private:
    std::jthread thread_;
};

}  // namespace opal::sim
