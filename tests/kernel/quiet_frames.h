// QuietFrames: a scene on the host's time whose frames do not depend on when they are taken, so
// that those of two benches can be compared pixel by pixel.
#pragma once

#include "contract/bench_run.h"
#include "tests/contract/small_bench.h"

#include <chrono>
#include <vector>

namespace opal::kernel {

inline sim::Scene quiet_scene() {
    sim::Scene scene = contract::small_scene();
    scene.pace = sim::Pace::real_time;
    scene.laser.warm_up_s = 0.05;
    scene.laser.power_noise = 0;
    scene.stability.drift_rad = 0;
    return scene;
}

// Of stripes, one frame for each.
inline std::vector<hal::Frame> frames_of(hal::Bench& bench, const contract::RunTiming& timing,
                                         int count) {
    bench.dmd().load(0, contract::striped_patterns(bench.dmd().info(), count));
    bench.dmd().program(contract::sequence_of(static_cast<std::uint32_t>(count), timing));
    const auto light = contract::full_light(bench);
    bench.camera().arm(static_cast<std::uint64_t>(count) + 2);
    bench.dmd().start();
    auto frames = contract::receive_all(bench, std::chrono::seconds(2));
    bench.camera().disarm();
    return frames;
}

}  // namespace opal::kernel
