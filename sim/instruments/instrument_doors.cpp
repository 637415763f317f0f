// InstrumentDoors: receiving loops.
#include "sim/instruments/instrument_doors.h"

#include "hal/error.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace opal::sim {
namespace {

using namespace std::chrono_literals;

// How long a thread may take to notice that it is to end.
constexpr hal::Duration patience = 50ms;
// Commands are small; what is longer is none.
constexpr std::size_t room_bytes = 2048;
constexpr std::size_t batch = 16;

struct Rooms {
    Rooms() {
        for (std::size_t i = 0; i < batch; ++i)
            arrivals[i].room = std::span(bytes).subspan(i * room_bytes, room_bytes);
    }
    std::vector<std::byte> bytes = std::vector<std::byte>(batch * room_bytes);
    std::array<hal::UdpArrival, batch> arrivals;
};

void hand_over_batch(Rooms& rooms, std::size_t count, const DatagramHandler& handler) {
    for (std::size_t i = 0; i < count; ++i) {
        const hal::UdpArrival& arrival = rooms.arrivals[i];
        if (!arrival.truncated) handler(arrival.from, arrival.room.first(arrival.length));
    }
}

}  // namespace

void hand_over(MemoryUdpPort& port, DatagramHandler handler) {
    const auto rooms = std::make_shared<Rooms>();
    port.on_arrival([&port, rooms, handler = std::move(handler)] {
        while (const std::size_t count =
                   port.receive(rooms->arrivals, hal::Deadline{hal::Time::min()}))
            hand_over_batch(*rooms, count, handler);
    });
}

PortThread::PortThread(hal::UdpPort& port, const hal::Clock& clock, DatagramHandler handler)
    : thread_([&port, &clock, handler = std::move(handler)](const std::stop_token& stop) {
          Rooms rooms;
          while (!stop.stop_requested()) {
              std::size_t count = 0;
              try {
                  count = port.receive(rooms.arrivals, hal::Deadline::after(clock, patience));
              } catch (const hal::DeviceError&) {
                  return;  // the network is gone: nobody is left to be served
              }
              try {
                  hand_over_batch(rooms, count, handler);
              } catch (const hal::DeviceError&) {
                  // An answer that could not be sent: the next client may be luckier.
              }
          }
      }) {}

TimeThread::TimeThread(VirtualClock& clock)
    : thread_([&clock](const std::stop_token& stop) {
          while (!stop.stop_requested()) clock.wait_for_act(clock.now() + patience);
      }) {}

}  // namespace opal::sim
