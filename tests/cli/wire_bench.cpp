// A bench of real sockets: the instruments of `opal serve` and the drivers a bench file opens, on
// loopback. Each case has an address of its own, so that cases and programs do not meet.
#include "calibration/acquisition.h"
#include "cli/bench_file.h"
#include "cli/serve/gige_door.h"
#include "cli/serve/laser_doors.h"
#include "cli/serve/lightcrafter_door.h"
#include "contract/bench_run.h"
#include "hal/error.h"
#include "sim/simulated_bench.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <random>
#include <string>

using namespace opal;
using namespace std::chrono_literals;

namespace {

// Without noise and drift: what a frame holds does not depend on when it was taken, nor on how
// many were taken before.
sim::Scene exact_scene() {
    sim::Scene scene;
    scene.name = "exact";
    scene.dmd.macro_pixel_px = 152;
    scene.sensor.rows = 64;
    scene.sensor.columns = 80;
    scene.sensor.shot_noise = false;
    scene.sensor.read_noise_e = 0;
    scene.sensor.dark_current_e_per_s = 0;
    scene.laser.warm_up_s = 0.1;
    return cli::with_lightcrafter(scene);
}

class Served {
public:
    explicit Served(std::uint8_t last, const sim::Scene& scene = exact_scene())
        : address_("127.0.61." + std::to_string(last)), bench(scene, nullptr, nullptr) {
        laser = cli::open_dlcpro_door(bench, address_);
        dmd = cli::open_lightcrafter_door(bench, address_);
        camera = cli::open_gige_door(bench, 0x7F003D00u + last, {});
    }
    drivers::WireBenchPlan plan() const {
        drivers::WireBenchPlan plan;
        plan.name = "wired";
        plan.medium = "none";
        for (const cli::ServedDoor* door : {laser.get(), dmd.get(), camera.get()})
            door->describe(plan);
        return plan;
    }

private:
    std::string address_;

public:
    cli::ServedBench bench;
    std::unique_ptr<cli::ServedDoor> laser;
    std::unique_ptr<cli::ServedDoor> dmd;
    std::unique_ptr<cli::ServedDoor> camera;
};

std::vector<hal::BitPattern> random_patterns(const hal::DmdInfo& info, int count) {
    std::mt19937 random(7);
    std::vector<hal::BitPattern> patterns;
    constexpr int side = 76;
    for (int i = 0; i < count; ++i) {
        hal::BitPattern pattern(info.rows, info.columns);
        for (int row = 0; row + side <= info.rows; row += side)
            for (int column = 0; column + side <= info.columns; column += side)
                if (random() % 2 == 0) pattern.fill(row, column, side, side, true);
        patterns.push_back(pattern);
    }
    return patterns;
}

// Frames by pattern, as an acquisition proves them.
std::map<std::size_t, hal::Frame> acquire(hal::Bench& bench, int patterns) {
    const auto light = contract::full_light(bench);
    const contract::RunTiming timing = contract::comfortable_timing(bench, 100us);
    calibration::Acquisition acquisition(
        bench, contract::middle_region(bench.camera().info()), hal::PixelFormat::mono8,
        {timing.camera_exposure, timing.camera_delay, timing.pattern, timing.dark});
    std::map<std::size_t, hal::Frame> frames;
    acquisition.acquire(random_patterns(bench.dmd().info(), patterns),
                        [&](std::size_t index, const hal::Frame& frame) { frames[index] = frame; });
    return frames;
}

std::string fault_of(const std::function<void()>& act, hal::ErrorKind kind) {
    try {
        act();
    } catch (const hal::DeviceError& error) {
        INFO(error.what());
        CHECK(error.kind() == kind);
        return error.what();
    }
    FAIL_CHECK("no fault");
    return {};
}

void check_says(const std::string& text, const std::string& words) {
    CAPTURE(text);
    CAPTURE(words);
    CHECK(text.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("frames over three wires are those of the direct devices, bit for bit") {
    // More than a LightCrafter stores: three runs.
    constexpr int patterns = 200;
    const auto direct = sim::make_simulated_bench(exact_scene(), {2, nullptr});
    const auto expected = acquire(*direct, patterns);
    Served served(1);
    const auto wired = drivers::make_wire_bench(served.plan());
    CHECK(wired->laser().status().state == hal::LaserState::off);
    const auto got = acquire(*wired, patterns);
    REQUIRE(expected.size() == patterns);
    REQUIRE(got.size() == patterns);
    int equal = 0;
    for (const auto& [index, frame] : got)
        equal += frame.bytes == expected.at(index).bytes && frame.pattern == index ? 1 : 0;
    CHECK(equal == patterns);
    // They are not equal for want of content.
    CHECK((expected.at(0).bytes != expected.at(1).bytes));
}

TEST_CASE("a bench comes back after it was closed, and closing it ends the light") {
    Served served(2);
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

TEST_CASE("the limit of the bench file holds") {
    Served served(3);
    auto plan = served.plan();
    plan.laser_facts.limit_mw = 5;
    const auto wired = drivers::make_wire_bench(plan);
    CHECK(wired->laser_limit_mw() == 5);
    fault_of([&] { wired->laser().arm(6); }, hal::ErrorKind::unsafe);
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}

TEST_CASE("whoever is missing or taken is named, and the laser has been turned off by then") {
    Served served(4);
    const auto wired = drivers::make_wire_bench(served.plan());
    const std::string taken = fault_of(
        [&] {
            auto plan = served.plan();
            drivers::open_camera(plan.camera, wired->clock(), plan.trigger);
        },
        hal::ErrorKind::refused);
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
        hal::ErrorKind::disconnected);
    check_says(gone, "127.0.61.4:21845");
    wired->laser().off();
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}

TEST_CASE("no bench without its DMD: the message names it, the laser stays off") {
    Served served(5);
    const auto plan = served.plan();
    served.dmd.reset();
    const std::string missing =
        fault_of([&] { drivers::make_wire_bench(plan); }, hal::ErrorKind::refused);
    check_says(missing, "127.0.61.5:21845");
    CHECK(served.bench.light().status().state == hal::LaserState::off);
}
