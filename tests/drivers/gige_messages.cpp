// MessageChannel: events typed by hand, once or several times, of the camera and of others.
#include "drivers/gige/message_channel.h"
#include "sim/doors/memory_network.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
using opal::drivers::gige::MessageChannel;
using opal::tests::hex;

namespace {

constexpr hal::UdpAddress device_address{0xC0A80102, 3956};

struct Told {
    sim::VirtualClock clock;
    sim::MemoryNetwork network{clock};
    std::unique_ptr<sim::MemoryUdpPort> device = network.open_udp(device_address);
    std::unique_ptr<sim::MemoryUdpPort> client = network.open_udp({0xC0A80101, 0});
    MessageChannel channel{*client, clock, device_address, false};

    std::uint64_t after(const char* message) {
        device->send(client->local(), hex(message));
        clock.wait_for(1ms);
        return channel.counted();
    }
    std::optional<std::vector<std::byte>> answer() {
        std::vector<std::byte> room(64);
        hal::UdpArrival arrival;
        arrival.room = room;
        if (device->receive({&arrival, 1}, hal::Deadline::after(clock, 1ms)) == 0)
            return std::nullopt;
        room.resize(arrival.length);
        return room;
    }
};

}  // namespace

TEST_CASE("events are acknowledged and counted once, in both id modes, with data or without") {
    Told told;
    told.channel.count(0x9001);
    CHECK(told.after("42 01 00 c0 00 10 00 08 | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34") ==
          1);
    CHECK(told.answer() == hex("00 00 00 c1 00 00 00 08"));
    // The answer was lost: said and answered again, not counted again; not even after another.
    CHECK(told.after("42 01 00 c0 00 10 00 08 | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34") ==
          1);
    CHECK(told.answer() == hex("00 00 00 c1 00 00 00 08"));
    CHECK(told.after("42 11 00 c0 00 18 00 09 | 00 18 90 01 00 00 00 00 00 00 00 00 00 00 00 07 "
                     "00 00 00 00 00 00 12 34") == 2);
    CHECK(told.after("42 01 00 c0 00 10 00 08 | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34") ==
          2);
    // Two in one, one of another kind.
    CHECK(told.after("42 01 00 c0 00 20 00 0a | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34 "
                     "00 00 90 02 00 00 00 07 00 00 00 00 00 00 12 34") == 3);
    CHECK(told.after("42 01 00 c2 00 14 00 0b | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34 "
                     "01 02 03 04") == 4);
    while (const auto bytes = told.answer()) CHECK(bytes->size() == 8);
    // No answer wanted.
    CHECK(told.after("42 00 00 c0 00 10 00 0c | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34") ==
          5);
    CHECK_FALSE(told.answer());
    told.channel.count(0x9001);
    CHECK(told.channel.counted() == 0);
}

TEST_CASE("messages of strangers, of other kinds and torn ones do not count") {
    Told told;
    told.channel.count(0x9001);
    const auto stranger = told.network.open_udp({0xC0A80163, 3956});
    stranger->send(
        told.client->local(),
        hex("42 01 00 c0 00 10 00 08 | 00 00 90 01 00 00 00 07 00 00 00 00 00 00 12 34"));
    CHECK(told.after("42 01 00 82 00 08 00 09 | 00 00 0a 00 00 00 00 02") == 0);
    CHECK(told.after("42 01 00 c0 00 10 00 0a | 00 00 90 01") == 0);
    CHECK(told.after("00 00 00 c1 00 00 00 08") == 0);
    CHECK(told.after("42") == 0);
}
