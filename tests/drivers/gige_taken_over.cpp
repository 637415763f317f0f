// Heartbeats and events: a camera that another program has taken over, one that is busy, ones that
// have their own mind about the heartbeat's timeout, and missed triggers. Real sockets and threads;
// somebody in the middle changes what driver and virtual camera say to each other.
#include "drivers/asio_udp_port.h"
#include "drivers/gige/gige_camera.h"
#include "hal/error.h"
#include "protocol/big_endian.h"
#include "protocol/gvcp_registers.h"
#include "sim/instruments/gige/virtual_gige_camera.h"
#include "sim/instruments/instrument_doors.h"
#include "tests/contract/small_bench.h"
#include "tests/protocol/wire_bytes.h"

#include <doctest/doctest.h>

#include <atomic>
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
namespace reg = protocol::gvcp::reg;

namespace {

constexpr std::uint32_t loopback = 0x7F000001;

struct Meddled {
    // Whether it has dealt with the command. It may change it.
    using Meddle = std::function<bool(hal::UdpAddress from, std::vector<std::byte>& command)>;

    explicit Meddled(Meddle m) : meddle(std::move(m)) {
        options.heartbeat = 600ms;
        options.control = {100ms, 3, 10s, 100, 100ms, 10ms};
    }
    std::unique_ptr<GigeCamera> open() {
        GigePorts ports{open_udp_port({loopback, 0}), open_udp_port({loopback, 0}, {8 << 20}),
                        open_udp_port({loopback, 0})};
        return std::make_unique<GigeCamera>(std::move(ports), control->local(), clock, options);
    }
    void answer(hal::UdpAddress to, const char* text, const std::vector<std::byte>& command) {
        auto bytes = hex(text);
        bytes[6] = command[6];
        bytes[7] = command[7];
        control->send(to, bytes);
    }
    static sim::Scene scene() {
        sim::Scene scene = contract::small_scene();
        scene.pace = sim::Pace::real_time;
        return scene;
    }

    Meddle meddle;
    GigeOptions options;
    hal::SteadyClock clock;
    sim::OpticalTable table{scene(), nullptr};
    std::unique_ptr<hal::UdpPort> control = open_udp_port({loopback, 0});
    std::unique_ptr<hal::UdpPort> stream = open_udp_port({loopback, 0});
    sim::VirtualGigeCamera camera{table, scene(), *control, *stream};
    sim::PortThread server{*control, clock, [this](hal::UdpAddress from, auto bytes) {
                               std::vector<std::byte> command(bytes.begin(), bytes.end());
                               if (!meddle(from, command)) camera.handle(from, command);
                           }};
    sim::TimeThread time{table.clock()};
};

// Key 42, READREG 0080 or WRITEREG 0082 of one register.
bool is(const std::vector<std::byte>& command, int code, std::uint32_t address) {
    return command.size() >= 12 && command[3] == static_cast<std::byte>(code) &&
           protocol::load_be32(&command[8]) == address;
}

// What status() throws within ten seconds.
std::string lost_because(GigeCamera& camera, hal::Clock& clock) {
    const hal::Deadline deadline = hal::Deadline::after(clock, 10s);
    while (!deadline.passed(clock)) {
        try {
            camera.status();
        } catch (const hal::DeviceError& error) {
            if (error.kind() == hal::ErrorKind::disconnected) return error.what();
        }
        clock.wait_for(20ms);
    }
    return "nothing";
}

}  // namespace

TEST_CASE("another program in control is noticed and named, though control itself looks the same") {
    std::atomic<bool> taken = false;
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (!taken || !is(command, 0x80, reg::application_ip)) return false;
        wire->answer(from, "00 00 00 81 00 04 00 00 | 0a 00 00 63", command);
        return true;
    });
    wire = &meddled;
    const auto camera = meddled.open();
    camera->status();
    taken = true;
    const std::string text = lost_because(*camera, meddled.clock);
    CHECK(text.find("10.0.0.99") != std::string::npos);
    CHECK(text.find("taken control") != std::string::npos);
}

TEST_CASE("a camera that does not tell who is in control is asked by writing") {
    std::atomic<bool> taken = false;
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (is(command, 0x80, reg::control_capability)) {
            wire->answer(from, "00 00 00 81 00 04 00 00 | 00 00 00 07", command);
            return true;
        }
        if (!taken || !is(command, 0x82, reg::heartbeat_timeout)) return false;
        wire->answer(from, "80 06 00 83 00 04 00 00 | 00 00 00 00", command);
        return true;
    });
    wire = &meddled;
    const auto camera = meddled.open();
    meddled.clock.wait_for(700ms);
    camera->status();
    taken = true;
    CHECK(lost_because(*camera, meddled.clock).find("taken control") != std::string::npos);
}

TEST_CASE("busy is asked again, and a camera that is busy for long is not lost") {
    std::atomic<int> busy = 0;
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (busy <= 0 || !is(command, 0x80, reg::control_privilege)) return false;
        --busy;
        wire->answer(from, "80 07 00 81 00 00 00 00", command);
        command[1] = std::byte{0};  // the camera has heard us all the same, and says nothing else
        return false;
    });
    wire = &meddled;
    const auto camera = meddled.open();
    // 100 ms of it in every heartbeat: several of those say nothing but this.
    busy = 40;
    const hal::Deadline deadline = hal::Deadline::after(meddled.clock, 10s);
    while (busy > 0 && !deadline.passed(meddled.clock)) meddled.clock.wait_for(20ms);
    CHECK(busy == 0);
    meddled.clock.wait_for(300ms);
    camera->status();
    CHECK(meddled.camera.owner());
}

TEST_CASE("a command is asked again with another number while the camera is busy") {
    std::vector<std::vector<std::byte>> asked;
    std::atomic<bool> on = false;
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (!on || !is(command, 0x80, 0x0944 + 4)) return false;
        asked.push_back(command);
        if (asked.size() == 3) return false;
        wire->answer(from, "80 07 00 81 00 00 00 00", command);
        return true;
    });
    wire = &meddled;
    const auto port = open_udp_port({loopback, 0});
    ControlChannel channel(*port, meddled.control->local(), meddled.clock, "camera test",
                           meddled.options.control);
    on = true;
    CHECK(channel.read_register(0x0948) == 0);
    REQUIRE(asked.size() == 3);
    CHECK(asked[0] != asked[1]);
}

TEST_CASE("heartbeats come as often as the camera needs them, not as was asked for") {
    Meddled meddled([](hal::UdpAddress, std::vector<std::byte>& command) {
        // 3 s asked, 600 ms accepted.
        if (is(command, 0x82, reg::heartbeat_timeout))
            protocol::store_be32(&command[12], std::uint32_t{600});
        return false;
    });
    meddled.options.heartbeat = 3s;
    const auto camera = meddled.open();
    for (int i = 0; i < 20; ++i) {
        meddled.clock.wait_for(100ms);
        CHECK(meddled.camera.owner());
    }
    camera->status();
}

TEST_CASE("a camera whose heartbeat cannot be set keeps its own; one that falls silent is let go") {
    std::atomic<bool> silent = false;
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (!is(command, 0x82, reg::heartbeat_timeout)) return false;
        if (!silent) wire->answer(from, "80 04 00 83 00 04 00 00 | 00 00 00 00", command);
        return true;
    });
    wire = &meddled;
    meddled.open()->status();
    silent = true;
    CHECK_THROWS_AS(meddled.open(), hal::DeviceError);
    CHECK_FALSE(meddled.camera.owner());  // control was given back
}

TEST_CASE("a camera without a clock: frames carry the host's time") {
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (!is(command, 0x80, reg::tick_frequency_low)) return false;
        wire->answer(from, "00 00 00 81 00 04 00 00 | 00 00 00 00", command);
        return true;
    });
    wire = &meddled;
    const auto camera = meddled.open();
    hal::CameraSettings settings;
    settings.region = {0, 0, 48, 64};
    settings.exposure = 100us;
    settings.trigger = hal::TriggerSource::software;
    camera->configure(settings);
    camera->arm(8);
    hal::Frame frame;
    for (int k = 0; k < 3; ++k) {
        const hal::Duration before = meddled.clock.now().time_since_epoch();
        camera->trigger();
        REQUIRE(camera->receive(frame, hal::Deadline::after(meddled.clock, 10s)));
        CHECK(frame.device_time > before);
        CHECK(frame.device_time <= meddled.clock.now().time_since_epoch());
    }
}

TEST_CASE("missed triggers are told as events where the camera has no counter") {
    Meddled* wire = nullptr;
    Meddled meddled([&](hal::UdpAddress from, std::vector<std::byte>& command) {
        if (!is(command, 0x80, 0xA074)) return false;  // the counter: always 0
        wire->answer(from, "00 00 00 81 00 04 00 00 | 00 00 00 00", command);
        return true;
    });
    wire = &meddled;
    const auto camera = meddled.open();
    hal::CameraSettings settings;
    settings.region = {0, 0, 48, 64};
    settings.exposure = 1s;  // the first exposure is not over when the others come
    settings.trigger = hal::TriggerSource::software;
    camera->configure(settings);
    for (int round = 0; round < 2; ++round) {
        camera->arm(8);
        for (int k = 0; k < 4; ++k) camera->trigger();
        const hal::Deadline deadline = hal::Deadline::after(meddled.clock, 10s);
        while (camera->status().missed_triggers < 3 && !deadline.passed(meddled.clock))
            meddled.clock.wait_for(5ms);
        CHECK(camera->status().missed_triggers == 3);
        camera->disarm();
        meddled.clock.wait_for(10ms);
    }
}
