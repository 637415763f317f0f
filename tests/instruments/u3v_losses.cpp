// What goes wrong between the virtual USB3 Vision camera and the driver: every frame is complete or
// says what is missing, none is wrong, and what is gone is a gap in the numbers.
#include "hal/error.h"
#include "tests/instruments/u3v_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;

namespace {

// Frames of the camera's moving ramp: pixel (row, column) of frame k is (column + k) mod 256.
bool is_ramp(const hal::Frame& frame, std::size_t begin, std::size_t end) {
    const auto pixels = frame.as_u8();
    const auto columns = static_cast<std::size_t>(frame.region.columns);
    for (std::size_t i = begin; i < end; ++i)
        if (pixels[i] != static_cast<std::uint8_t>(i % columns + frame.frame_id)) return false;
    return true;
}

constexpr std::uint64_t frame_bytes = 240 * 320;

struct Stream {
    explicit Stream(const sim::U3vFaults& faults = {},
                    drivers::u3v::U3vOptions driver = tests::U3vTable::driver_options())
        : wire(scene(), options(), 10us), camera(wire.open(driver)) {
        hal::CameraSettings settings;
        settings.region = {0, 0, 240, 320};
        settings.exposure = 100us;
        camera->configure(settings);
        auto& features = camera->features();
        features.set_symbol("TriggerMode", "Off");
        features.set_symbol("TestPattern", "GreyHorizontalRampMoving");
        features.set_boolean("AcquisitionFrameRateEnable", true);
        features.set_number("AcquisitionFrameRate", 100);
        wire.camera.set_faults(faults);
        camera->arm(1000);
    }
    static sim::Scene scene() {
        sim::Scene scene = contract::small_scene();
        scene.sensor.rows = 240;
        scene.sensor.columns = 320;
        return scene;
    }
    static sim::U3vCameraOptions options() { return {}; }
    // Longer than the two writes after a stall may take, each with a pending acknowledge.
    bool receive(hal::Frame& frame) {
        return camera->receive(frame, hal::Deadline::after(wire.table.clock(), 2s));
    }
    // What came, checked byte by byte: present bytes right, missing ones 0, and only frames that
    // say so are anything but whole. Returns how many were not complete.
    std::uint64_t check_frames(std::uint64_t count) {
        std::uint64_t incomplete = 0;
        std::uint64_t next = 0;
        hal::Frame frame;
        for (std::uint64_t k = 0; k < count; ++k) {
            REQUIRE(receive(frame));
            REQUIRE(frame.frame_id >= next);
            lost += frame.frame_id - next;
            next = frame.frame_id + 1;
            // Frames of the ramp come 10 ms apart, from the first one on.
            if (k == 0) first = frame.device_time - std::chrono::milliseconds(10 * frame.frame_id);
            CHECK(frame.device_time == first + std::chrono::milliseconds(10 * frame.frame_id));
            REQUIRE(frame.bytes.size() == frame_bytes);
            std::size_t begin = 0;
            for (const auto& range : camera->missing_ranges()) {
                CHECK(is_ramp(frame, begin, range.begin));
                for (std::size_t i = range.begin; i < range.end; ++i)
                    REQUIRE(frame.bytes[i] == std::byte{0});
                begin = range.end;
            }
            CHECK(is_ramp(frame, begin, frame.bytes.size()));
            if (!camera->missing_ranges().empty())
                CHECK(frame.status == hal::FrameStatus::incomplete);
            if (frame.status != hal::FrameStatus::complete) ++incomplete;
        }
        return incomplete;
    }

    tests::U3vTable wire;
    std::unique_ptr<drivers::u3v::U3vCamera> camera;
    std::uint64_t lost = 0;
    hal::Duration first{0};
};

// Several transfers for one frame: 76800 bytes are four of 16 KiB and a rest.
drivers::u3v::U3vOptions small_transfers() {
    auto options = tests::U3vTable::driver_options();
    options.stream.largest_transfer = 65536;
    return options;
}

hal::ErrorKind fault_of(const std::function<void()>& call, std::string& text) {
    try {
        call();
    } catch (const hal::DeviceError& error) {
        text = error.what();
        return error.kind();
    }
    text = "no fault";
    return hal::ErrorKind::unsafe;
}

}  // namespace

TEST_CASE("nothing goes wrong: every frame is whole, whatever the transfers") {
    for (const std::size_t in_flight :
         {std::size_t{1}, std::size_t{100000}, std::size_t{8} << 20}) {
        CAPTURE(in_flight);
        auto driver = small_transfers();
        driver.stream.in_flight_bytes = in_flight;
        Stream stream({}, driver);
        CHECK(stream.check_frames(50) == 0);
        CHECK(stream.lost == 0);
        const auto statistics = stream.camera->statistics();
        CHECK(statistics.hunts == 0);
        CHECK(statistics.incomplete == 0);
    }
}

TEST_CASE("lost and damaged frames show, and the others are right") {
    struct Case {
        const char* what;
        double sim::U3vFaults::*share;
        bool makes_incomplete;
    };
    for (const Case& c : {Case{"lost", &sim::U3vFaults::lost, false},
                          Case{"short", &sim::U3vFaults::short_payload, true},
                          Case{"silently short", &sim::U3vFaults::silent_short, true},
                          Case{"no trailer", &sim::U3vFaults::no_trailer, true},
                          Case{"overrun", &sim::U3vFaults::overrun, true},
                          Case{"stalled", &sim::U3vFaults::stalled, false}}) {
        CAPTURE(c.what);
        sim::U3vFaults faults;
        faults.seed = 7;
        faults.*c.share = 0.1;
        Stream stream(faults, small_transfers());
        const std::uint64_t incomplete = stream.check_frames(200);
        // What the faults' own dice say about the frames that have been seen.
        std::uint64_t hit = 0;
        for (std::uint64_t k = 0; k < 200 + stream.lost; ++k)
            if (faults.fate(k) != sim::U3vFaults::Fate::fine) ++hit;
        CHECK(hit > 10);
        CHECK(incomplete + stream.lost >= hit - 1);
        if (c.makes_incomplete) CHECK(incomplete > 10);
        // A frame that follows a damaged one may be lost with it, not more.
        CHECK(incomplete + stream.lost <= 2 * hit);
        CHECK(stream.camera->statistics().lost == stream.lost);
    }
}

TEST_CASE("all faults at once, and the camera is the same afterwards") {
    sim::U3vFaults faults;
    faults.seed = 11;
    faults.lost = faults.short_payload = faults.silent_short = 0.03;
    faults.no_trailer = faults.overrun = faults.stalled = 0.03;
    faults.stale_ack = faults.pending = 0.1;
    Stream stream(faults, small_transfers());
    CHECK(stream.check_frames(500) > 20);
    CHECK(stream.lost > 10);
    CHECK(stream.camera->statistics().stalls > 3);
    stream.wire.camera.set_faults({});
    stream.camera->disarm();
    stream.camera->arm(1000);
    stream.lost = 0;
    CHECK(stream.check_frames(20) == 0);
    CHECK(stream.lost == 0);
}

TEST_CASE("a camera that is not read drops frames; the gap shows") {
    sim::U3vCameraOptions options;
    options.buffer_bytes = 4 * frame_bytes;
    auto driver = tests::U3vTable::driver_options();
    driver.stream.in_flight_frames = 2;
    tests::U3vTable wire(Stream::scene(), options);
    auto camera = wire.open(driver);
    hal::CameraSettings settings;
    settings.region = {0, 0, 240, 320};
    settings.exposure = 100us;
    camera->configure(settings);
    camera->features().set_symbol("TriggerMode", "Off");
    camera->features().set_symbol("TestPattern", "GreyHorizontalRampMoving");
    camera->arm(1000);
    wire.table.clock().wait_for(1s);  // nobody reads
    CHECK(wire.camera.dropped_frames() > 10);
    hal::Frame frame;
    std::uint64_t received = 0;
    std::uint64_t next = 0;
    std::uint64_t lost = 0;
    while (received < 50) {
        REQUIRE(camera->receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
        CHECK(is_ramp(frame, 0, frame.bytes.size()));
        lost += frame.frame_id - next;
        next = frame.frame_id + 1;
        ++received;
    }
    CHECK(lost >= wire.camera.dropped_frames());
}

TEST_CASE("answers that are late, stale, pending or lost") {
    tests::U3vTable wire(contract::small_scene());
    const auto camera = wire.open();
    const auto width = [&] {
        camera->features().forget();
        return camera->features().integer("Width");
    };
    sim::U3vFaults faults;
    faults.stale_ack = 1;
    wire.camera.set_faults(faults);
    for (int i = 0; i < 5; ++i) CHECK(width() == 64);
    faults = {};
    faults.pending = 1;
    wire.camera.set_faults(faults);
    const hal::Time before = wire.table.clock().now();
    camera->features().set_integer("Width", 32);
    CHECK(wire.table.clock().now() - before > 600ms);
    CHECK(width() == 32);
    faults = {};
    faults.slow_reply = 900ms;  // one and a half tries
    wire.camera.set_faults(faults);
    std::string text;
    CHECK(fault_of([&] { width(); }, text) == hal::ErrorKind::timeout);
    CHECK(text.find("asked 5 times") != std::string::npos);
    faults = {};
    faults.seed = 3;
    faults.lost_ack = 0.3;
    wire.camera.set_faults(faults);
    for (int i = 0; i < 10; ++i) CHECK(width() == 32);
    CHECK(camera->control().retries() > 0);
    // A write is not repeated: it may have been done.
    faults.lost_ack = 1;
    wire.camera.set_faults(faults);
    CHECK(fault_of([&] { camera->features().set_integer("OffsetX", 1); }, text) ==
          hal::ErrorKind::timeout);
    wire.camera.set_faults({});
    CHECK(width() == 32);
}

TEST_CASE("a command endpoint that stalls is cleared and asked again") {
    tests::U3vTable wire(contract::small_scene());
    const auto camera = wire.open();
    wire.usb.gadget->stall(sim::VirtualU3vCamera::ack_endpoint);
    camera->features().forget();
    CHECK(camera->features().integer("Width") == 64);
}

TEST_CASE("unplugged: every call says so, and a new cable brings the camera back") {
    std::string text;
    {
        Stream stream;
        hal::Frame frame;
        REQUIRE(stream.receive(frame));
        stream.wire.usb.gadget->unplug();
        // What had come before is still delivered.
        const auto drain = [&] {
            while (stream.receive(frame)) CHECK(is_ramp(frame, 0, frame.bytes.size()));
        };
        CHECK(fault_of(drain, text) == hal::ErrorKind::disconnected);
        CHECK(text.find("unplugged") != std::string::npos);
        CHECK(fault_of([&] { stream.receive(frame); }, text) == hal::ErrorKind::disconnected);
        CHECK(fault_of([&] { stream.camera->status(); }, text) == hal::ErrorKind::disconnected);
        CHECK(fault_of([&] { stream.camera->disarm(); }, text) == hal::ErrorKind::disconnected);
    }
    {
        // In mid frame, and never read again.
        Stream stream;
        stream.wire.table.clock().wait_for(5ms);
        stream.wire.usb.gadget->unplug();
    }
    Stream again;
    CHECK(again.check_frames(5) == 0);
}

TEST_CASE("chunks travel behind the image and are read as features") {
    Stream stream;
    stream.camera->disarm();
    auto& features = stream.camera->features();
    features.set_boolean("ChunkModeActive", true);
    CHECK(features.integer("PayloadSize") == 240 * 320 + 8 + 16 + 12);
    stream.camera->arm(10);
    hal::Frame frame;
    for (std::uint64_t k = 0; k < 3; ++k) {
        REQUIRE(stream.receive(frame));
        CHECK(frame.status == hal::FrameStatus::complete);
        CHECK(frame.bytes.size() == 240 * 320);
        CHECK(features.integer("ChunkFrameID") == static_cast<std::int64_t>(k));
        CHECK(features.number("ChunkExposureTime") == 100);
    }
}

TEST_CASE("the camera's clock, latched") {
    tests::U3vTable wire(contract::small_scene());
    const auto camera = wire.open();
    const hal::Duration before = wire.table.now();
    const hal::Duration latched = camera->device_time();
    CHECK(latched > before);
    CHECK(latched < wire.table.now());
}

TEST_CASE("what is no USB3 Vision camera is refused by name") {
    sim::OpticalTable table(contract::small_scene(), nullptr);
    auto info = sim::VirtualU3vCamera::usb_info();
    info.configuration[9 + 5] = std::byte{0x0E};
    for (std::size_t i = 0; i + 8 < info.configuration.size(); ++i)
        if (info.configuration[i] == std::byte{9} && info.configuration[i + 1] == std::byte{4})
            info.configuration[i + 5] = std::byte{0x0E};  // video
    auto usb = sim::make_memory_usb(table.clock(), info);
    std::string text;
    CHECK(fault_of([&] { drivers::u3v::U3vCamera(std::move(usb.host), table.clock()); }, text) ==
          hal::ErrorKind::unsupported);
    CHECK(text.find("no USB3 Vision camera") != std::string::npos);
}
