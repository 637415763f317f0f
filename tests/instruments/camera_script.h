// The same acts at the same virtual times on any bench, and what has to be equal afterwards: how a
// camera on a wire is compared with the direct one.
#pragma once

#include "contract/bench_run.h"
#include "sim/scene.h"
#include "sim/simulated_bench.h"
#include "tests/contract/small_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

namespace opal::tests {

struct Way {
    hal::PixelFormat format = hal::PixelFormat::mono8;
    bool packed = true;
    bool software = false;
};

// The same acts at the same virtual times on any bench. `lead`: a trigger by software is asked for
// so much earlier, because it takes so long to the camera.
inline std::vector<hal::Frame> run_script(hal::Bench& bench, const Way& way, hal::Duration lead) {
    using namespace std::chrono_literals;
    bench.clock().wait_until(hal::Time{10s});  // opened by now, however long it took
    const auto light = contract::full_light(bench);
    const contract::RunTiming timing =
        contract::comfortable_timing(bench, std::chrono::microseconds(80));
    hal::CameraSettings settings = contract::line_settings(bench.camera(), timing);
    settings.format = way.format;
    settings.region = {5, 6, 31, 37};  // odd, so that packed bits run over the ends of rows
    if (way.software) settings.trigger = hal::TriggerSource::software;
    bench.camera().configure(settings);
    const auto patterns = contract::striped_patterns(bench.dmd().info(), 6);
    bench.dmd().load(0, patterns);
    bench.dmd().program(contract::sequence_of(6, timing));
    bench.camera().arm(6);
    std::vector<hal::Frame> frames;
    bench.clock().wait_until(hal::Time{20s});
    if (!way.software) {
        bench.dmd().start();
        frames = contract::receive_all(bench);
    } else {
        for (int i = 0; i < 6; ++i) {
            bench.clock().wait_until(hal::Time{21s + i * 10ms - lead});
            bench.camera().trigger();
            frames.emplace_back();
            REQUIRE(bench.camera().receive(frames.back(), hal::Deadline::after(bench.clock(), 1s)));
        }
    }
    bench.camera().disarm();
    return frames;
}

inline void check_equals_direct(hal::Bench& wire, const Way& way, hal::Duration lead) {
    const auto direct = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    const auto wanted = run_script(*direct, way, hal::Duration{0});
    const auto came = run_script(wire, way, lead);
    REQUIRE(wanted.size() == 6);
    REQUIRE(came.size() == 6);
    for (std::size_t i = 0; i < came.size(); ++i) {
        CHECK(came[i].bytes == wanted[i].bytes);
        CHECK(came[i].region == wanted[i].region);
        CHECK(came[i].format == wanted[i].format);
        CHECK(came[i].frame_id == wanted[i].frame_id);
        CHECK(came[i].status == wanted[i].status);
        CHECK(came[i].device_time == wanted[i].device_time);
    }
}

// Without noise and drift equal light gives equal bytes, so nothing but equal frames will do.
inline sim::Scene quiet_scene() {
    sim::Scene scene = contract::small_scene();
    scene.sensor.shot_noise = false;
    scene.sensor.read_noise_e = 0;
    scene.sensor.trigger_delay_us = 3;
    scene.sensor.readout_us_per_row = 10;
    scene.laser.power_noise = 0;
    scene.stability.drift_rad = 0;
    return scene;
}

}  // namespace opal::tests
