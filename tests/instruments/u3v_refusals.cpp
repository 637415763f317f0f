// The virtual USB3 Vision camera refuses what a real one refuses, with the status codes a real one
// uses: commands and answers as bytes typed from the protocol's documents.
#include "hal/error.h"
#include "sim/doors/memory_usb.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"
#include "tests/contract/small_bench.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
using tests::hex;
using Camera = sim::VirtualU3vCamera;

namespace {

// Someone with a USB cable and a byte list.
struct Client {
    explicit Client(sim::U3vCameraOptions options = {})
        : table(contract::small_scene(), nullptr),
          usb(sim::make_memory_usb(table.clock(), Camera::usb_info(options))),
          camera(table, contract::small_scene(), *usb.gadget, options) {
        usb.host->claim(0);
        usb.host->claim(1);
    }
    hal::Deadline soon(hal::Duration wait = 10ms) {
        return hal::Deadline::after(table.clock(), wait);
    }
    std::optional<std::vector<std::byte>> read(std::uint8_t endpoint, std::size_t room = 1024) {
        std::vector<std::byte> bytes(room);
        const auto length = usb.host->read(endpoint, bytes, soon());
        if (!length) return std::nullopt;
        bytes.resize(*length);
        return bytes;
    }
    std::optional<std::vector<std::byte>> ask(const char* command) {
        usb.host->write(Camera::command_endpoint, hex(command), soon());
        return read(Camera::ack_endpoint);
    }
    void expect(const char* command, const char* answer) {
        CAPTURE(command);
        const auto came = ask(command);
        REQUIRE(came);
        CHECK(*came == hex(answer));
    }

    sim::OpticalTable table;
    sim::MemoryUsb usb;
    Camera camera;
};

constexpr const char* program_sizes[] = {
    "55 33 56 43 00 40 02 08 0c 00 41 00 | 18 00 02 00 00 00 00 00 | 00 04 00 00",
    "55 33 56 43 00 40 02 08 0c 00 42 00 | 1c 00 02 00 00 00 00 00 | 00 08 00 00",
    "55 33 56 43 00 40 02 08 0c 00 43 00 | 20 00 02 00 00 00 00 00 | 01 00 00 00",
    "55 33 56 43 00 40 02 08 0c 00 44 00 | 24 00 02 00 00 00 00 00 | 00 04 00 00",
    "55 33 56 43 00 40 02 08 0c 00 45 00 | 2c 00 02 00 00 00 00 00 | 00 04 00 00"};

constexpr const char* enable =
    "55 33 56 43 00 40 02 08 0c 00 46 00 | 04 00 02 00 00 00 00 00 | 01 00 00 00";

}  // namespace

TEST_CASE("memory: read as asked, and refused with GenCP's codes") {
    Client client;
    client.expect("55 33 56 43 00 40 00 08 0c 00 14 ff | d8 01 00 00 00 00 00 00 00 00 08 00",
                  "55 33 56 43 00 00 01 08 08 00 14 ff | 00 00 01 00 00 00 00 00");
    client.expect("55 33 56 43 00 40 00 08 0c 00 16 ff | 00 00 02 00 00 00 00 00 00 00 04 00",
                  "55 33 56 43 00 00 01 08 04 00 16 ff | 00 00 00 0a");
    // Any address, any length, and request id 0: "PAL" of the manufacturer, and a zero.
    client.expect("55 33 56 43 00 40 00 08 0c 00 00 00 | 05 00 00 00 00 00 00 00 00 00 04 00",
                  "55 33 56 43 00 00 01 08 04 00 00 00 | 50 41 4c 00");
    // 48 x 64 bytes of payload.
    client.expect("55 33 56 43 00 40 00 08 0c 00 01 00 | 08 00 02 00 00 00 00 00 00 00 08 00",
                  "55 33 56 43 00 00 01 08 08 00 01 00 | 00 0c 00 00 00 00 00 00");
    client.expect("55 33 56 43 00 40 00 08 0c 00 02 00 | 00 90 00 00 00 00 00 00 00 00 04 00",
                  "55 33 56 43 03 80 01 08 00 00 02 00");  // nothing there
    client.expect("55 33 56 43 00 40 00 08 0c 00 03 00 | 00 00 00 00 01 00 00 00 00 00 04 00",
                  "55 33 56 43 03 80 01 08 00 00 03 00");  // beyond 4 GiB
    client.expect("55 33 56 43 00 40 00 08 0c 00 04 00 | 00 00 00 00 00 00 00 00 00 00 f5 03",
                  "55 33 56 43 02 80 01 08 00 00 04 00");  // an acknowledge of 1025 bytes
    client.expect("55 33 56 43 00 40 02 08 0c 00 19 ff | d0 01 00 00 00 00 00 00 01 00 00 00",
                  "55 33 56 43 04 80 03 08 00 00 19 ff");  // read-only
    client.expect("55 33 56 43 00 40 00 08 0c 00 05 00 | f8 01 00 00 00 00 00 00 00 00 04 00",
                  "55 33 56 43 06 80 01 08 00 00 05 00");  // write-only
    client.expect("55 33 56 43 00 40 02 08 0c 00 06 00 | 00 a0 00 00 00 00 00 00 ff ff 00 00",
                  "55 33 56 43 02 80 03 08 00 00 06 00");  // wider than the sensor
    client.expect("55 33 56 43 00 40 06 08 00 00 07 00", "55 33 56 43 01 80 07 08 00 00 07 00");
    client.expect("55 33 56 43 00 40 00 08 04 00 08 00 | 00 00 00 00",
                  "55 33 56 43 0e 80 01 08 00 00 08 00");
    // Three bytes of the user's name: "Lab".
    client.expect("55 33 56 43 00 40 02 08 0b 00 09 00 | 84 01 00 00 00 00 00 00 4c 61 62",
                  "55 33 56 43 00 00 03 08 04 00 09 00 | 00 00 03 00");
    client.expect("55 33 56 43 00 40 00 08 0c 00 0a 00 | 84 01 00 00 00 00 00 00 00 00 04 00",
                  "55 33 56 43 00 00 01 08 04 00 0a 00 | 4c 61 62 00");
    // No acknowledge wanted, none sent; nor for what is no command.
    CHECK_FALSE(
        client.ask("55 33 56 43 00 00 00 08 0c 00 0b 00 | 00 00 00 00 00 00 00 00 00 00 04 00"));
    CHECK_FALSE(
        client.ask("55 33 56 41 00 40 00 08 0c 00 0c 00 | 00 00 00 00 00 00 00 00 00 00 04 00"));
    CHECK_FALSE(client.ask("55"));
}

TEST_CASE("the stream opens when the announced transfers fit a frame, and not before") {
    Client client;
    const char* const start =
        "55 33 56 43 00 40 02 08 0c 00 50 00 | 34 a0 00 00 00 00 00 00 | 01 00 00 00";
    client.expect(start, "55 33 56 43 06 80 03 08 00 00 50 00");  // nobody would take frames
    client.expect(enable, "55 33 56 43 04 a0 03 08 00 00 46 00");
    for (const char* const size : program_sizes) REQUIRE(client.ask(size));
    // The final transfer alone would take the frame, after 2^32 - 1 empty ones.
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 42 00 | 1c 00 02 00 00 00 00 00 | 00 00 00 00"));
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 43 00 | 20 00 02 00 00 00 00 00 | ff ff ff ff"));
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 44 00 | 24 00 02 00 00 00 00 00 | 00 00 10 00"));
    client.expect(enable, "55 33 56 43 04 a0 03 08 00 00 46 00");
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 43 00 | 20 00 02 00 00 00 00 00 | 00 00 00 00"));
    client.expect(enable, "55 33 56 43 00 00 03 08 04 00 46 00 | 00 00 04 00");
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 46 00 | 04 00 02 00 00 00 00 00 | 00 00 00 00"));
    for (const char* const size : program_sizes) REQUIRE(client.ask(size));
    client.expect("55 33 56 43 00 40 02 08 0c 00 51 00 | 24 00 02 00 00 00 00 00 | 00 02 00 00",
                  "55 33 56 43 00 00 03 08 04 00 51 00 | 00 00 04 00");
    client.expect(enable, "55 33 56 43 03 a0 03 08 00 00 46 00");  // no multiple of 1024
    REQUIRE(client.ask(program_sizes[3]));
    client.expect(enable, "55 33 56 43 00 00 03 08 04 00 46 00 | 00 00 04 00");
    // Neither transfers nor the frame's shape may change now.
    client.expect(program_sizes[1], "55 33 56 43 06 80 03 08 00 00 42 00");
    client.expect("55 33 56 43 00 40 02 08 0c 00 52 00 | 00 a0 00 00 00 00 00 00 20 00 00 00",
                  "55 33 56 43 06 80 03 08 00 00 52 00");
    client.expect(start, "55 33 56 43 00 00 03 08 04 00 50 00 | 00 00 04 00");
}

TEST_CASE("a frame: leader, payload in the announced transfers, trailer") {
    Client client;
    for (const char* const size : program_sizes) REQUIRE(client.ask(size));
    REQUIRE(client.ask(enable));
    // Test pattern 1, a ramp; trigger off; one frame.
    for (const char* const write :
         {"55 33 56 43 00 40 02 08 0c 00 60 00 | 20 a0 00 00 00 00 00 00 | 01 00 00 00",
          "55 33 56 43 00 40 02 08 0c 00 61 00 | 30 a0 00 00 00 00 00 00 | 01 00 00 00"}) {
        // Shapes are locked while the stream is on.
        client.expect("55 33 56 43 00 40 02 08 0c 00 62 00 | 04 00 02 00 00 00 00 00 | 00 00 00 00",
                      "55 33 56 43 00 00 03 08 04 00 62 00 | 00 00 04 00");
        REQUIRE(client.ask(write));
    }
    REQUIRE(client.ask(enable));
    REQUIRE(
        client.ask("55 33 56 43 00 40 02 08 0c 00 63 00 | 34 a0 00 00 00 00 00 00 | 01 00 00 00"));
    const auto leader = client.read(Camera::stream_endpoint);
    const auto first = client.read(Camera::stream_endpoint, 2048);
    const auto rest = client.read(Camera::stream_endpoint);
    const auto trailer = client.read(Camera::stream_endpoint);
    REQUIRE(leader);
    REQUIRE(first);
    REQUIRE(rest);
    REQUIRE(trailer);
    auto expected =
        hex("55 33 56 4c 00 00 34 00 00 00 00 00 00 00 00 00 00 00 01 00 | 00 00 00 00 00 00 00 00"
            "01 00 08 01 40 00 00 00 30 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    std::copy_n(leader->begin() + 20, 8, expected.begin() + 20);  // whenever it was
    CHECK(*leader == expected);
    CHECK(first->size() == 2048);
    CHECK(rest->size() == 1024);
    for (std::size_t i = 0; i < first->size(); ++i)
        REQUIRE(std::to_integer<unsigned>((*first)[i]) == i % 64);
    CHECK(*trailer ==
          hex("55 33 56 54 00 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0c 00 00 00 00 00 00"
              "30 00 00 00"));
    CHECK_FALSE(client.read(Camera::stream_endpoint));
}

TEST_CASE("standard requests: descriptors, strings, halting") {
    Client client;
    const auto ask = [&](std::uint16_t value, std::size_t room) {
        std::vector<std::byte> bytes(room);
        bytes.resize(client.usb.host->control({0x80, 6, value, 0}, bytes, client.soon()));
        return bytes;
    };
    CHECK(ask(0x0100, 18) == hex("12 01 00 03 ef 02 01 09 09 12 01 00 00 01 01 02 03 01"));
    CHECK(ask(0x0200, 4096) == client.usb.host->info().configuration);
    CHECK(ask(0x0303, 255) == hex("0c 03 53 00 49 00 4d 00 2d 00 31 00"));  // "SIM-1"
    CHECK_THROWS_AS(ask(0x03F0, 255), hal::DeviceError);
    CHECK(ask(0x0F00, 255).size() == 22);

    std::vector<std::byte> nothing;
    client.usb.host->control({0x02, 3, 0, 0x82}, nothing, client.soon());
    client.expect(enable, "55 33 56 43 02 a0 03 08 00 00 46 00");
    client.usb.host->clear_halt(0x82);
    // 0 is never halted; of the others there are none.
    for (const auto endpoint : std::initializer_list<std::uint16_t>{0x00, 0x80, 0x85})
        CHECK_THROWS_AS(client.usb.host->control({0x02, 3, 0, endpoint}, nothing, client.soon()),
                        hal::DeviceError);
    client.expect(enable, "55 33 56 43 04 a0 03 08 00 00 46 00");
}
