// ServedWire: a bench behind sockets on an address of its own, as `opal serve` makes it, and what
// tests show it and expect of it.
#pragma once

#include "calibration/acquisition.h"
#include "cli/serve/gige_door.h"
#include "cli/serve/laser_doors.h"
#include "cli/serve/lightcrafter_door.h"
#include "contract/bench_run.h"
#include "drivers/gige/network_interfaces.h"
#include "hal/error.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace opal::tests {

// Without noise and drift: what a frame holds does not depend on when it was taken, nor on how
// many were taken before.
inline sim::Scene exact_scene() {
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

class ServedWire {
public:
    // At an address of this process alone: process ids have 22 bits.
    explicit ServedWire(const sim::FaultSchedule* faults = nullptr, std::ostream* events = nullptr)
        : host(0x7F400000u + (static_cast<std::uint32_t>(::getpid()) & 0x3FFFFFu)),
          address(drivers::gige::host_text(host)),
          bench(exact_scene(), events, faults) {
        laser = cli::open_dlcpro_door(bench, address);
        dmd = cli::open_lightcrafter_door(bench, address);
        open_camera();
    }
    void open_camera() { camera = cli::open_gige_door(bench, host, {}); }
    drivers::WireBenchPlan plan() const {
        drivers::WireBenchPlan plan;
        plan.name = "wired";
        plan.medium = "none";
        for (const cli::ServedDoor* door : {laser.get(), dmd.get(), camera.get()})
            door->describe(plan);
        return plan;
    }

    const std::uint32_t host;
    const std::string address;
    cli::ServedBench bench;
    std::unique_ptr<cli::ServedDoor> laser;
    std::unique_ptr<cli::ServedDoor> dmd;
    std::unique_ptr<cli::ServedDoor> camera;
};

inline std::vector<hal::BitPattern> random_patterns(const hal::DmdInfo& info, int count) {
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

struct Taken {
    std::map<std::size_t, hal::Frame> frames;  // by pattern, as the acquisition proves them
    calibration::AcquisitionStats stats;
};

inline Taken acquire(hal::Bench& bench, int patterns) {
    const auto light = contract::full_light(bench);
    const contract::RunTiming timing =
        contract::comfortable_timing(bench, std::chrono::microseconds(100));
    calibration::Acquisition acquisition(
        bench, contract::middle_region(bench.camera().info()), hal::PixelFormat::mono8,
        {timing.camera_exposure, timing.camera_delay, timing.pattern, timing.dark});
    Taken taken;
    acquisition.acquire(
        random_patterns(bench.dmd().info(), patterns),
        [&](std::size_t index, const hal::Frame& frame) { taken.frames[index] = frame; });
    taken.stats = acquisition.stats();
    return taken;
}

// Equal, but for what rounding may do: an exposure in which the table's light has a seam is rounded
// in two parts, and where the seam lies is a matter of the host's time (docs/wire-bench.md).
inline bool equal_but_rounding(const hal::Frame& a, const hal::Frame& b) {
    if (a.bytes.size() != b.bytes.size()) return false;
    int differing = 0;
    for (std::size_t i = 0; i < a.bytes.size(); ++i) {
        const int difference =
            std::abs(std::to_integer<int>(a.bytes[i]) - std::to_integer<int>(b.bytes[i]));
        if (difference > 1) return false;
        differing += difference;
    }
    return differing <= 9;
}

// How many frames hold what they should.
inline int equal_frames(const Taken& got, const Taken& expected) {
    int equal = 0;
    for (const auto& [index, frame] : got.frames) {
        const auto right = expected.frames.find(index);
        if (right == expected.frames.end()) continue;
        equal += equal_but_rounding(frame, right->second) && frame.pattern == index ? 1 : 0;
    }
    return equal;
}

// What `act` throws, which is one of these kinds.
inline std::string fault_of(const std::function<void()>& act,
                            std::initializer_list<hal::ErrorKind> kinds) {
    try {
        act();
    } catch (const hal::DeviceError& error) {
        INFO(error.what());
        CHECK(std::find(kinds.begin(), kinds.end(), error.kind()) != kinds.end());
        return error.what();
    }
    FAIL_CHECK("no fault");
    return {};
}

inline void check_says(const std::string& text, const std::string& words) {
    CAPTURE(text);
    CAPTURE(words);
    CHECK(text.find(words) != std::string::npos);
}

}  // namespace opal::tests
