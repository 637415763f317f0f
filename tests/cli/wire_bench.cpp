// A bench of real sockets: the instruments of `opal serve` and the drivers a bench file opens, on
// loopback: frames, coming back, limits, and who is missing.
#include "drivers/gige/gige_camera.h"
#include "sim/simulated_bench.h"
#include "tests/cli/served_wire.h"

#include <fmt/format.h>

#include <sstream>

using namespace opal;
using namespace opal::tests;
using namespace std::chrono_literals;

TEST_CASE("frames over three wires are those of the direct devices, bit for bit") {
    // More than a LightCrafter stores: three runs.
    constexpr int patterns = 200;
    const auto direct = sim::make_simulated_bench(exact_scene(), {2, nullptr});
    const auto expected = acquire(*direct, patterns);
    ServedWire served;
    const auto wired = drivers::make_wire_bench(served.plan());
    CHECK(wired->laser().status().state == hal::LaserState::off);
    const auto got = acquire(*wired, patterns);
    CHECK(expected.frames.size() == patterns);
    CHECK(equal_frames(got, expected) == patterns);
    // They are not equal for want of content.
    CHECK((expected.frames.at(0).bytes != expected.frames.at(1).bytes));
}

TEST_CASE("a bench comes back after it was closed, and closing it ends the light") {
    ServedWire served;
    std::string identity;
    for (int opened = 0; opened < 3; ++opened) {
        const auto wired = drivers::make_wire_bench(served.plan());
        if (opened == 0) identity = wired->identity();
        CHECK(wired->identity() == identity);
        check_says(identity, "LightCrafter");
        check_says(identity, "SIM-1");
        check_says(identity, "DLC PRO_012345");
        hal::Laser& laser = wired->laser();
        laser.arm(10);
        laser.set_power(10);
        laser.emit();
        CHECK(served.bench.light().status().state != hal::LaserState::off);
        // Left emitting: the bench's destructor is the way out.
    }
    CHECK(served.bench.light().status().state == hal::LaserState::off);
    auto other = served.plan();
    other.medium = "another";
    CHECK(drivers::make_wire_bench(other)->identity() != identity);
}

TEST_CASE("closing a bench in full run: the light ends first, then the sequence, then the camera") {
    std::ostringstream events;
    {
        ServedWire served(nullptr, &events);
        const auto wired = drivers::make_wire_bench(served.plan());
        const contract::RunTiming timing = contract::comfortable_timing(*wired, 100us);
        wired->dmd().load(0, random_patterns(wired->dmd().info(), 2));
        hal::PatternSequence sequence = contract::sequence_of(2, timing);
        sequence.repeat = true;
        wired->dmd().program(sequence);
        wired->laser().arm(10);
        wired->laser().set_power(10);
        wired->laser().emit();
        wired->camera().arm(100);
        wired->dmd().start();
        events.str({});
    }
    const std::string text = events.str();
    INFO(text);
    const auto at = [&](const char* device, const char* what) {
        return text.find(fmt::format("\"device\":\"{}\",\"event\":\"{}\"", device, what));
    };
    REQUIRE(at("laser", "off") != std::string::npos);
    REQUIRE(at("dmd", "stop") != std::string::npos);
    REQUIRE(at("camera", "disarm") != std::string::npos);
    CHECK(at("laser", "off") < at("dmd", "stop"));
    CHECK(at("dmd", "stop") < at("camera", "disarm"));
}

TEST_CASE("the limit of the bench file holds") {
    ServedWire served;
    auto plan = served.plan();
    plan.laser_facts.limit_mw = 5;
    const auto wired = drivers::make_wire_bench(plan);
    CHECK(wired->laser_limit_mw() == 5);
    fault_of([&] { wired->laser().arm(6); }, {hal::ErrorKind::unsafe});
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}

TEST_CASE("whoever is missing or taken is named, and the laser has been turned off by then") {
    ServedWire served;
    const auto wired = drivers::make_wire_bench(served.plan());
    const std::string taken = fault_of(
        [&] {
            auto plan = served.plan();
            drivers::open_camera(plan.camera, wired->clock(), plan.trigger);
        },
        {hal::ErrorKind::refused});
    check_says(taken, "the program at 127.0.0.1");
    // Cable pulled from the DMD: its next command says so; the light can still be ended.
    wired->laser().arm(10);
    wired->laser().set_power(10);
    wired->laser().emit();
    served.dmd.reset();
    const auto patterns = random_patterns(wired->dmd().info(), 1);
    const std::string gone = fault_of(
        [&] {
            wired->dmd().load(0, patterns);
            wired->dmd().program(contract::sequence_of(1, {0us, 0us, 300us, 300us}));
        },
        {hal::ErrorKind::disconnected});
    check_says(gone, served.address + ":21845");
    wired->laser().off();
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}

TEST_CASE("no bench without its DMD: the message names it, the laser stays off") {
    ServedWire served;
    const auto plan = served.plan();
    served.dmd.reset();
    const std::string missing =
        fault_of([&] { drivers::make_wire_bench(plan); }, {hal::ErrorKind::refused});
    check_says(missing, served.address + ":21845");
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}

TEST_CASE("what the bench file says about cable and camera reaches the devices") {
    ServedWire served;
    auto plan = served.plan();
    plan.camera_values = {{"ExposureTime", "77"}};
    plan.trigger.pulse = 300us;
    {
        const auto wired = drivers::make_wire_bench(plan);
        check_says(wired->identity(), "ExposureTime=77");
        auto& camera = dynamic_cast<drivers::gige::GigeCamera&>(wired->camera());
        CHECK(camera.features().number("ExposureTime") == 77);
    }
    plan.camera_values = {{"NoSuchFeature", "1"}};
    const std::string unknown =
        fault_of([&] { drivers::make_wire_bench(plan); }, {hal::ErrorKind::unsupported});
    check_says(unknown, "NoSuchFeature");
    // The table's cable knows no falling edges, and its board says so.
    plan = served.plan();
    plan.trigger.negative = true;
    fault_of([&] { drivers::make_wire_bench(plan); }, {hal::ErrorKind::refused});
}
