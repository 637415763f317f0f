// StreamDoors: see stream_doors.h.
#include "sim/instruments/stream_doors.h"

#include "hal/error.h"

#include <array>
#include <chrono>

namespace opal::sim {

namespace {

using namespace std::chrono_literals;

constexpr hal::Duration round = 20ms;  // and how long a thread may take to notice its end
constexpr hal::Duration write_patience = 2s;

template <class Link>
void send(Link& link, const hal::Clock& clock, const std::vector<std::byte>& bytes) {
    if (!bytes.empty()) link.write(bytes, hal::Deadline::after(clock, write_patience));
}

// Until told to stop or the link ends.
template <class Link>
void converse(Link& link, const hal::Clock& clock, const StreamSession& session,
              const std::stop_token& stop) {
    try {
        if (session.connected) send(link, clock, session.connected());
        std::array<std::byte, 4096> bytes;
        while (!stop.stop_requested()) {
            const std::size_t count = link.read(bytes, hal::Deadline::after(clock, round));
            if (count > 0)
                send(link, clock, session.receive(std::span(bytes).first(count)));
            else if (session.idle)
                send(link, clock, session.idle());
        }
    } catch (const hal::DeviceError&) {  // the host is gone
    }
}

}  // namespace

SerialThread::SerialThread(hal::SerialLine& line, const hal::Clock& clock, StreamSession session)
    : thread_([&line, &clock, session = std::move(session)](const std::stop_token& stop) {
          converse(line, clock, session, stop);
      }) {}

ListenerThread::ListenerThread(hal::TcpListener& listener, const hal::Clock& clock,
                               StreamSession session)
    : thread_([&listener, &clock, session = std::move(session)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
              try {
                  const auto stream = listener.accept(hal::Deadline::after(clock, round));
                  if (stream) converse(*stream, clock, session, stop);
              } catch (const hal::DeviceError&) {  // a host that went before it was greeted
              }
          }
      }) {}

}  // namespace opal::sim
