// Loss, doubling and reordering between the virtual camera and the driver: every frame is complete
// or says what is missing, and none is wrong.
#include "contract/bench_run.h"
#include "tests/instruments/gige_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace opal;
using namespace opal::contract;
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

struct Stream {
    explicit Stream(sim::GigeCameraOptions options,
                    drivers::gige::GigeOptions driver = tests::GigeTable::driver_options())
        : wire(scene(), std::move(options)), camera(wire.open(driver)) {
        hal::CameraSettings settings;
        settings.region = {0, 0, 240, 320};
        settings.exposure = 100us;
        camera->configure(settings);
        auto& features = camera->features();
        features.set_symbol("TriggerMode", "Off");
        features.set_symbol("TestPattern", "GreyHorizontalRampMoving");
        features.set_boolean("AcquisitionFrameRateEnable", true);
        features.set_number("AcquisitionFrameRate", 100);
        camera->arm(1000);
    }
    static sim::Scene scene() {
        sim::Scene scene = small_scene();
        scene.sensor.rows = 240;
        scene.sensor.columns = 320;
        return scene;
    }
    bool receive(hal::Frame& frame) {
        return camera->receive(frame, hal::Deadline::after(wire.table.clock(), 1s));
    }

    tests::GigeTable wire;
    std::unique_ptr<drivers::gige::GigeCamera> camera;
};

}  // namespace

TEST_CASE("packets that can be had again are: every frame arrives whole, in both id modes") {
    for (const bool extended : {false, true}) {
        CAPTURE(extended);
        sim::GigeCameraOptions options;
        options.faults = {7, 0.02, 0.01, 0.02, false};
        auto driver = tests::GigeTable::driver_options();
        driver.extended_ids = extended;
        Stream stream(options, driver);
        hal::Frame frame;
        for (std::uint64_t k = 0; k < 200; ++k) {
            REQUIRE(stream.receive(frame));
            CHECK(frame.frame_id == k);
            CHECK(frame.status == hal::FrameStatus::complete);
            CHECK(is_ramp(frame, 0, frame.bytes.size()));
        }
        const auto statistics = stream.camera->statistics();
        CHECK(statistics.resent > 100);  // 200 frames of 55 packets, 2 % lost: 220 expected
        CHECK(statistics.doubled > 0);
        CHECK(statistics.lost_packets == 0);
    }
}

// The documented run of ten minutes (docs/gige.md) in short, at the same shares and without a host
// that is busy.
TEST_CASE("a bad network for half a minute: every frame arrives, none is wrong or reported lost") {
    sim::GigeCameraOptions options;
    options.faults = {23, 0.01, 0.01, 0.01, false};
    options.faults.lost_blocks = 0.01;
    options.first_block = 65000;  // ids wrap on the way
    Stream stream(options);
    hal::Frame frame;
    std::uint64_t next = 0;
    for (int k = 0; k < 3000; ++k) {
        REQUIRE(stream.receive(frame));
        // Only what was lost before anything of the run came stays away.
        if (k > 0) CHECK(frame.frame_id == next);
        next = frame.frame_id + 1;
        CHECK(frame.status == hal::FrameStatus::complete);
        CHECK(is_ramp(frame, 0, frame.bytes.size()));
    }
    const auto statistics = stream.camera->statistics();
    // 3000 frames of 55 packets: 1650 lost alone, and those of 30 whole frames; the deviations
    // are 40 and 300.
    CHECK(statistics.resent > 1650 + 1650 - 1500);
    CHECK(statistics.resent < 1650 + 1650 + 1500);
    CHECK(statistics.incomplete == 0);
    CHECK(statistics.lost_blocks == next - 3000);
}

TEST_CASE("packets that cannot be had again are missing, and the frame says which") {
    sim::GigeCameraOptions options;
    options.faults = {11, 0.01, 0, 0, true};
    Stream stream(options);
    hal::Frame frame;
    std::uint64_t last = 0;
    std::size_t incomplete = 0;
    for (int k = 0; k < 200; ++k) {
        REQUIRE(stream.receive(frame));
        CHECK(frame.frame_id >= last);
        last = frame.frame_id;
        const auto& missing = stream.camera->missing_ranges();
        std::size_t begin = 0;
        for (const auto& range : missing) {
            CHECK(is_ramp(frame, begin, range.begin));
            for (std::size_t i = range.begin; i < range.end; ++i)
                REQUIRE(frame.bytes[i] == std::byte{0});
            begin = range.end;
        }
        CHECK(is_ramp(frame, begin, frame.bytes.size()));
        // A frame without leader is whole in bytes, but not known to be in time.
        if (!missing.empty()) CHECK(frame.status == hal::FrameStatus::incomplete);
        if (frame.status == hal::FrameStatus::incomplete) ++incomplete;
    }
    // 55 packets each, 1 % lost: 42 % of the frames.
    CHECK(incomplete > 50);
    CHECK(incomplete < 120);
}

TEST_CASE("frames of which nothing came are asked for as a whole, in both id modes") {
    for (const bool extended : {false, true}) {
        CAPTURE(extended);
        sim::GigeCameraOptions options;
        options.faults.lost_blocks = 0.1;
        auto driver = tests::GigeTable::driver_options();
        driver.extended_ids = extended;
        Stream stream(options, driver);
        hal::Frame frame;
        // The second run has the ids of the first, and the camera still holds some of those.
        hal::Duration last{-1};
        for (int run = 0; run < 2; ++run) {
            std::uint64_t next = 0;
            for (int k = 0; k < 100; ++k) {
                REQUIRE(stream.receive(frame));
                // Only what was lost before anything of the run came stays away.
                if (k > 0) CHECK(frame.frame_id == next);
                next = frame.frame_id + 1;
                CHECK(frame.device_time > last);
                last = frame.device_time;
                CHECK(frame.status == hal::FrameStatus::complete);
                CHECK(is_ramp(frame, 0, frame.bytes.size()));
            }
            const auto statistics = stream.camera->statistics();
            // 100 frames of 55 packets, a tenth of them lost: 550 expected, 165 their deviation.
            CHECK(statistics.resent > 55);
            stream.camera->disarm();
            stream.wire.table.clock().wait_for(1ms);
            stream.camera->arm(1000);
        }
    }
}

TEST_CASE("frames of which nothing came and nothing can be had are gaps in the ids, and counted") {
    sim::GigeCameraOptions options;
    options.faults.lost_blocks = 0.1;
    options.faults.deny_resend = true;
    Stream stream(options);
    hal::Frame frame;
    std::uint64_t next = 0;
    std::uint64_t gaps = 0;
    for (int k = 0; k < 200; ++k) {
        REQUIRE(stream.receive(frame));
        CHECK(frame.frame_id >= next);
        gaps += frame.frame_id - next;
        next = frame.frame_id + 1;
        CHECK(frame.status == hal::FrameStatus::complete);
        CHECK(is_ramp(frame, 0, frame.bytes.size()));
    }
    // About 22 of 222: the deviation is 4.5.
    CHECK(gaps > 5);
    CHECK(gaps < 45);
    CHECK(stream.camera->statistics().lost_blocks == gaps);
    CHECK(stream.camera->statistics().incomplete == 0);
}

TEST_CASE("block ids wrap from 65535 to 1 without a gap") {
    sim::GigeCameraOptions options;
    options.first_block = 65530;
    Stream stream(options);
    hal::Frame frame;
    for (std::uint64_t k = 0; k < 20; ++k) {
        REQUIRE(stream.receive(frame));
        CHECK(frame.frame_id == k);
        CHECK(frame.status == hal::FrameStatus::complete);
    }
    CHECK(stream.camera->statistics().lost_blocks == 0);
}

TEST_CASE("packet size: the largest the path takes, found with test packets") {
    const auto negotiated = [](std::size_t unfragmented, std::uint32_t mtu) {
        tests::GigeTable wire(small_scene(), {}, unfragmented);
        auto options = tests::GigeTable::driver_options();
        options.path_mtu = mtu;
        return wire.open(options)->packet_size();
    };
    // IP and UDP take 28 bytes.
    CHECK(negotiated(1472, 1500) == 1500);
    CHECK(negotiated(8972, 9000) == 9000);
    CHECK(negotiated(1472, 9000) == 1500);
    CHECK(negotiated(4000, 9000) == 4028);
    CHECK(negotiated(1300, 1500) == 1328);
}

TEST_CASE("a second driver is refused at once and told who is there") {
    tests::GigeTable wire(small_scene());
    const auto first = wire.open();
    const hal::Time before = wire.table.clock().now();
    try {
        wire.open();
        FAIL("accepted");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find("192.168.1.1") != std::string::npos);
    }
    CHECK(wire.table.clock().now() - before < 50ms);
}

TEST_CASE("chunks travel behind the image and are read as features") {
    Stream stream({});
    stream.camera->disarm();
    auto& features = stream.camera->features();
    features.set_boolean("ChunkModeActive", true);
    const std::int64_t payload = features.integer("PayloadSize");
    CHECK(payload == 240 * 320 + 8 + 16 + 12);
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
