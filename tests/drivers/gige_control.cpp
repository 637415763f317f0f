// ControlChannel and the camera's heartbeat: lost, late, foreign and patient answers, from a device
// that does what the test says, and a camera that forgets us.
#include "drivers/gige/control_channel.h"

#include "drivers/asio_udp_port.h"
#include "drivers/gige/description_url.h"
#include "drivers/gige/gige_camera.h"
#include "hal/error.h"
#include "sim/doors/memory_network.h"
#include "sim/instruments/gige/virtual_gige_camera.h"
#include "sim/instruments/instrument_doors.h"
#include "tests/contract/small_bench.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::drivers::gige;
using namespace std::chrono_literals;
using opal::drivers::open_udp_port;
using tests::hex;

namespace {

constexpr hal::UdpAddress device_address{0xC0A80102, 3956};

// A device on virtual time that answers as scripted: called with the number of the datagram and
// its bytes.
struct Scripted {
    using Answer = std::function<void(int number, const std::vector<std::byte>& command)>;

    Scripted()
        : network(clock),
          device(network.open_udp(device_address)),
          client(network.open_udp({0xC0A80101, 0})),
          channel(*client, device_address, clock, "camera test", {100ms, 3, 10s, 100}) {
        sim::hand_over(*device, [this](hal::UdpAddress, std::span<const std::byte> bytes) {
            const std::vector<std::byte> command(bytes.begin(), bytes.end());
            commands.push_back(command);
            if (answer) answer(static_cast<int>(commands.size()) - 1, command);
        });
    }
    ~Scripted() { device->on_arrival({}); }

    // `text` with the request id of `command` put in.
    void reply(const char* text, const std::vector<std::byte>& command,
               hal::Duration delay = hal::Duration{0}) {
        auto bytes = hex(text);
        bytes[6] = command[6];
        bytes[7] = command[7];
        clock.call_at(clock.now() + delay, [this, bytes] { device->send(client->local(), bytes); });
    }

    sim::VirtualClock clock;
    sim::MemoryNetwork network;
    std::unique_ptr<sim::MemoryUdpPort> device;
    std::unique_ptr<sim::MemoryUdpPort> client;
    ControlChannel channel;
    std::vector<std::vector<std::byte>> commands;
    Answer answer;
};

hal::ErrorKind kind_of(const std::function<void()>& call, std::string* text = nullptr) {
    try {
        call();
    } catch (const hal::DeviceError& error) {
        if (text) *text = error.what();
        return error.kind();
    }
    FAIL("no fault");
    return hal::ErrorKind::unsafe;
}

}  // namespace

TEST_CASE("a lost answer: the same command again, with the same number") {
    Scripted s;
    s.answer = [&](int number, const auto& command) {
        if (number == 2) s.reply("00 00 00 81 00 04 00 00 | 00 00 00 2a", command);
    };
    CHECK(s.channel.read_register(0x0A00) == 42);
    REQUIRE(s.commands.size() == 3);
    CHECK(s.commands[0] == s.commands[1]);
    CHECK(s.commands[0] == s.commands[2]);
    CHECK(s.channel.retries() == 2);
    s.answer = [&](int, const auto& command) {
        s.reply("00 00 00 81 00 04 00 00 | 00 00 00 07", command);
    };
    CHECK(s.channel.read_register(0x0A00) == 7);
    CHECK(s.commands[3] != s.commands[2]);  // another question, another number
}

TEST_CASE("silence ends in time, with what may be the matter") {
    Scripted s;
    const hal::Time before = s.clock.now();
    std::string text;
    CHECK(kind_of([&] { s.channel.read_register(0); }, &text) == hal::ErrorKind::timeout);
    CHECK(s.clock.now() - before == 300ms);
    CHECK(text.find("192.168.1.2:3956") != std::string::npos);
    CHECK(text.find("firewall") != std::string::npos);
}

TEST_CASE("PENDING_ACK: patience, and no second command") {
    Scripted s;
    s.answer = [&](int, const auto& command) {
        s.reply("00 00 00 89 00 04 00 00 | 00 00 05 dc", command, 50ms);  // 1500 ms
        s.reply("00 00 00 83 00 04 00 00 | 00 00 00 01", command, 1400ms);
    };
    s.channel.write_register(0xA000, 1);
    CHECK(s.commands.size() == 1);
    CHECK(s.clock.now().time_since_epoch() == 1400ms);
}

TEST_CASE("answers that are not ours are not taken") {
    Scripted s;
    const auto stranger = s.network.open_udp({0xC0A80163, 0});
    s.answer = [&](int, const auto& command) {
        auto spoofed = hex("00 00 00 81 00 04 00 00 | 00 00 00 63");
        spoofed[6] = command[6];
        spoofed[7] = command[7];
        stranger->send(s.client->local(), spoofed);  // another host
        s.device->send(s.client->local(), hex("00 00 00 81 00 04 7f 7f | 00 00 00 63"));  // id
        s.reply("00 00 00 85 00 04 00 00 | 00 00 00 63", command);                        // command
        s.reply("00 00 00 81 00 ff 00 00 | 00 00 00 63", command);                        // length
        s.device->send(s.client->local(), hex("00"));
        s.reply("00 00 00 81 00 04 00 00 | 00 00 00 2a", command);
    };
    CHECK(s.channel.read_register(0) == 42);
}

TEST_CASE("status codes become the fault they are") {
    Scripted s;
    const auto with = [&](const char* ack) {
        s.answer = [&s, ack](int, const auto& command) { s.reply(ack, command); };
        return kind_of([&] { s.channel.write_register(0xA000, 1); });
    };
    CHECK(with("80 06 00 83 00 04 00 00 | 00 00 00 00") == hal::ErrorKind::refused);
    CHECK(with("80 02 00 83 00 00 00 00") == hal::ErrorKind::out_of_range);
    CHECK(with("80 03 00 83 00 00 00 00") == hal::ErrorKind::unsupported);
    CHECK(with("80 04 00 83 00 00 00 00") == hal::ErrorKind::refused);
    CHECK(with("8f ff 00 83 00 00 00 00") == hal::ErrorKind::refused);
}

TEST_CASE("memory: pieces of 512 bytes, and whole words around odd places") {
    Scripted s;
    std::vector<std::byte> memory(4096);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::byte>(i * 7);
    s.answer = [&](int, const auto& command) {
        const std::size_t at = std::to_integer<std::size_t>(command[10]) << 8 |
                               std::to_integer<std::size_t>(command[11]);
        const std::size_t count = std::to_integer<std::size_t>(command[14]) << 8 |
                                  std::to_integer<std::size_t>(command[15]);
        auto ack = hex("00 00 00 85 00 00 00 00");
        ack[4] = static_cast<std::byte>((count + 4) >> 8);
        ack[5] = static_cast<std::byte>(count + 4);
        ack[6] = command[6];
        ack[7] = command[7];
        ack.insert(ack.end(), command.begin() + 8, command.begin() + 12);
        ack.insert(ack.end(), memory.begin() + static_cast<std::ptrdiff_t>(at),
                   memory.begin() + static_cast<std::ptrdiff_t>(at + count));
        s.device->send(s.client->local(), ack);
    };
    std::vector<std::byte> into(1001);
    s.channel.read(3, into);
    CHECK(std::equal(into.begin(), into.end(), memory.begin() + 3));
    REQUIRE(s.commands.size() == 2);
    CHECK(s.commands[0][15] == std::byte{0});     // 512
    CHECK(s.commands[1][15] == std::byte{0xEC});  // to 1004: 492
    CHECK(kind_of([&] { s.channel.read(0x1FFFFFFFF, into); }) == hal::ErrorKind::corrupt);
}

TEST_CASE("where a description is, in the forms cameras write") {
    const auto url = parse_description_url("Local:camera.zip;8001A000;3e67");
    REQUIRE(url);
    CHECK(url->file == "camera.zip");
    CHECK(url->address == 0x8001A000);
    CHECK(url->length == 0x3E67);
    CHECK(parse_description_url("local:///a.xml;0x100;FF?SchemaVersion=1.1.0")->length == 255);
    CHECK(parse_description_url("LOCAL:a.xml;1;2")->address == 1);
    for (const char* other : {"", "Local:", "Local:a.xml", "Local:a.xml;1", "Local:a.xml;x;1",
                              "Local:a.xml;1;0", "http://www.example.com/a.xml", "File:a.xml"})
        CHECK_FALSE(parse_description_url(other));
}

TEST_CASE("real sockets and threads: heartbeats keep the camera, a reboot is noticed and named") {
    sim::Scene scene = contract::small_scene();
    scene.pace = sim::Pace::real_time;
    hal::SteadyClock clock;
    constexpr std::uint32_t loopback = 0x7F000001;
    sim::OpticalTable table(scene, nullptr);
    const auto control = open_udp_port({loopback, 0});
    const auto stream = open_udp_port({loopback, 0});
    sim::VirtualGigeCamera virtual_camera(table, scene, *control, *stream);
    const sim::PortThread server(*control, clock, [&](hal::UdpAddress from, auto bytes) {
        virtual_camera.handle(from, bytes);
    });
    const sim::TimeThread time(table.clock());

    GigeOptions options;
    options.heartbeat = 600ms;
    options.control = {300ms, 5, 10s, 100};
    GigePorts ports{open_udp_port({loopback, 0}), open_udp_port({loopback, 0}, {8 << 20}),
                    open_udp_port({loopback, 0})};
    GigeCamera camera(std::move(ports), control->local(), clock, options);
    hal::CameraSettings settings;
    settings.region = {0, 0, 48, 64};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera.configure(settings);
    camera.arm(8);
    clock.wait_for(1500ms);  // more than twice the timeout
    CHECK(virtual_camera.owner());
    hal::Frame frame;
    for (std::uint64_t k = 0; k < 5; ++k) {
        camera.trigger();
        REQUIRE(camera.receive(frame, hal::Deadline::after(clock, 10s)));
        CHECK(frame.frame_id == k);
        CHECK(frame.status == hal::FrameStatus::complete);
    }
    virtual_camera.reboot();
    std::string text;
    const hal::Time before = clock.now();
    CHECK(kind_of([&] { camera.receive(frame, hal::Deadline::after(clock, 30s)); }, &text) ==
          hal::ErrorKind::disconnected);
    CHECK(clock.now() - before < 20s);
    CHECK(text.find("restarted") != std::string::npos);
    CHECK(kind_of([&] { camera.configure(settings); }) == hal::ErrorKind::disconnected);
}
