// What the virtual camera's features do to its frames, and pixel formats on the wire: bytes typed
// from the standards' tables, and what the driver makes of them.
#include "tests/instruments/gige_client.h"

#include "protocol/gvsp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

using namespace opal;
using namespace std::chrono_literals;
using namespace opal::tests;

namespace {

// One row of the ramp: pixel c counts c. 1024 columns and one row.
sim::Scene wide_scene() {
    sim::Scene scene = contract::small_scene();
    scene.sensor.rows = 1;
    scene.sensor.columns = 1024;
    return scene;
}

hal::CameraSettings settings_of(hal::Region region, hal::PixelFormat format) {
    hal::CameraSettings settings;
    settings.region = region;
    settings.exposure = 100us;
    settings.format = format;
    settings.trigger = hal::TriggerSource::software;
    return settings;
}

hal::Frame one_frame(drivers::gige::GigeCamera& camera, tests::GigeTable& wire) {
    camera.arm(4);
    if (camera.features().symbol("TriggerMode") == "On") camera.trigger();
    hal::Frame frame;
    REQUIRE(camera.receive(frame, hal::Deadline::after(wire.table.clock(), 1s)));
    CHECK(frame.status == hal::FrameStatus::complete);
    camera.disarm();
    return frame;
}

}  // namespace

TEST_CASE("pixel formats of both naming schemes: bytes on the wire") {
    struct Expected {
        const char* code;  // of the register PixelFormat
        std::size_t at;    // byte in the image
        const char* bytes;
    };
    // Counts 2A8, 2A9, 2AA, 2AB, 2AC, 2AD from pixel 680 on.
    for (const Expected& expected : {
             Expected{"01 10 00 03", 2 * 682, "aa 02 ab 02"},            // Mono10
             Expected{"01 0c 00 04", 682 / 2 * 3, "aa 32 aa ab 10 ab"},  // Mono10Packed
             Expected{"01 0a 00 46", 680 / 4 * 5, "a8 a6 aa ea aa"},     // Mono10p
             Expected{"01 10 00 05", 2 * 682, "aa 02 ab 02"},            // Mono12
             Expected{"01 0c 00 06", 682 / 2 * 3, "2a ba 2a 2a dc 2a"},  // Mono12Packed
             Expected{"01 0c 00 47", 682 / 2 * 3, "aa b2 2a ac d2 2a"},  // Mono12p
             Expected{"01 10 00 07", 2 * 682, "a0 2a b0 2a"},            // Mono16
         }) {
        CAPTURE(expected.code);
        tests::GigeTable wire(wide_scene());
        Client client(wire);
        const auto stream = wire.open_port();
        expect(client, take_control, control_taken);
        auto aim = hex("42 01 00 82 00 10 00 11 | 00 00 0d 18 c0 a8 01 01 00 00 0d 00 00 00");
        aim.push_back(static_cast<std::byte>(stream->local().port >> 8));
        aim.push_back(static_cast<std::byte>(stream->local().port & 0xFF));
        client.port().send(tests::camera_address, aim);
        REQUIRE(client.receive());
        const std::string format = std::string("42 01 00 82 00 18 00 12 | 00 00 a0 10 ") +
                                   expected.code +
                                   "00 00 a0 20 00 00 00 01 00 00 a0 34 00 00 00 01";
        expect(client, format.c_str(), "00 00 00 83 00 04 00 12 | 00 00 00 03");
        // Leader and one packet, or two, of 1464 bytes.
        std::vector<std::byte> image;
        std::vector<std::byte> room(2048);
        hal::UdpArrival arrival;
        arrival.room = room;
        while (stream->receive({&arrival, 1}, hal::Deadline::after(wire.table.clock(), 1ms)) > 0) {
            const auto packet =
                protocol::gvsp::decode_packet(std::span(room).first(arrival.length));
            REQUIRE(packet);
            if (packet->header.block > 1) break;
            if (packet->header.format == protocol::gvsp::Format::leader)
                CHECK(std::equal(packet->payload.begin() + 12, packet->payload.begin() + 16,
                                 hex(expected.code).begin()));
            if (packet->header.format == protocol::gvsp::Format::payload)
                image.insert(image.end(), packet->payload.begin(), packet->payload.end());
        }
        const auto bytes = hex(expected.bytes);
        REQUIRE(image.size() >= expected.at + bytes.size());
        CHECK(std::equal(bytes.begin(), bytes.end(),
                         image.begin() + static_cast<std::ptrdiff_t>(expected.at)));
    }
}

TEST_CASE(
    "the driver reads every format the camera may offer, Mono16 too if there is nothing else") {
    const std::map<std::string, hal::PixelFormat> names{
        {"Mono10", hal::PixelFormat::mono10},       {"Mono10Packed", hal::PixelFormat::mono10},
        {"Mono10p", hal::PixelFormat::mono10},      {"Mono12", hal::PixelFormat::mono12},
        {"Mono12Packed", hal::PixelFormat::mono12}, {"Mono12p", hal::PixelFormat::mono12},
        {"Mono16", hal::PixelFormat::mono12}};
    for (const auto& [name, format] : names) {
        CAPTURE(name);
        sim::GigeCameraOptions options;
        options.pixel_formats = {"Mono8", name};
        tests::GigeTable wire(wide_scene(), options);
        const auto camera = wire.open();
        CHECK(camera->info().formats ==
              std::vector<hal::PixelFormat>{hal::PixelFormat::mono8, format});
        camera->configure(settings_of({0, 0, 1, 1024}, format));
        CHECK(camera->features().symbol("PixelFormat") == name);
        camera->features().set_symbol("TriggerMode", "Off");
        camera->features().set_symbol("TestPattern", "GreyHorizontalRamp");
        const hal::Frame frame = one_frame(*camera, wire);
        for (int column = 0; column < 1024; ++column) REQUIRE(frame.count_at(0, column) == column);
    }
}

TEST_CASE("gain and black level act on the image, and the defaults leave it alone") {
    for (const auto format : {hal::PixelFormat::mono8, hal::PixelFormat::mono12}) {
        tests::GigeTable wire(contract::small_scene());
        const auto camera = wire.open();
        auto& features = camera->features();
        camera->configure(settings_of({0, 0, 48, 64}, format));
        const int step = format == hal::PixelFormat::mono8 ? 1 : 16;
        const double black = features.number("BlackLevel") * step;
        const auto mean = [&] {
            const hal::Frame frame = one_frame(*camera, wire);
            double sum = 0;
            for (int row = 0; row < 48; ++row)
                for (int column = 0; column < 64; ++column) sum += frame.count_at(row, column);
            return sum / (48 * 64);
        };
        // Dark: the black level and its noise. The mean of 3072 pixels of some DN of noise is known
        // to 0.1 DN of 8 bits; counts are whole, and none is below 0.
        const double before = mean();
        features.set_number("BlackLevel", 20);
        CHECK(mean() == doctest::Approx(before - black + 20.0 * step).epsilon(0.02));
        features.set_number("Gain", 4);
        CHECK(mean() == doctest::Approx(4 * (before - black) + 20.0 * step).epsilon(0.05));
        CHECK_THROWS_AS(features.set_number("Gain", 0.5), hal::DeviceError);
        features.execute("UserSetLoad");
        CHECK(features.number("Gain") == 1);
        CHECK(features.number("BlackLevel") * step == black);
        CHECK(features.symbol("UserSetSelector") == "Default");
    }
}

TEST_CASE("chunks are chosen one by one, and PayloadSize follows") {
    tests::GigeTable wire(contract::small_scene());
    const auto camera = wire.open();
    auto& features = camera->features();
    camera->configure(settings_of({0, 0, 48, 64}, hal::PixelFormat::mono8));
    features.set_boolean("ChunkModeActive", true);
    CHECK(features.integer("PayloadSize") == 48 * 64 + 8 + 16 + 12);
    CHECK_FALSE(features.writable("ChunkEnable"));  // the image is always there
    CHECK(features.boolean("ChunkEnable"));
    features.set_symbol("ChunkSelector", "ExposureTime");
    CHECK(features.boolean("ChunkEnable"));
    features.set_boolean("ChunkEnable", false);
    CHECK(features.integer("PayloadSize") == 48 * 64 + 8 + 16);
    features.set_symbol("ChunkSelector", "FrameID");
    CHECK(features.boolean("ChunkEnable"));
    one_frame(*camera, wire);
    CHECK(features.integer("ChunkFrameID") == 0);
    CHECK_THROWS_AS(features.number("ChunkExposureTime"), hal::DeviceError);
    features.set_boolean("ChunkEnable", false);
    CHECK(features.integer("PayloadSize") == 48 * 64 + 8);
    one_frame(*camera, wire);
    CHECK_THROWS_AS(features.integer("ChunkFrameID"), hal::DeviceError);
}
