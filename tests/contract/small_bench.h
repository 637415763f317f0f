// SmallBench: harness of the device suites for the simulated bench with direct devices. Small
// enough that a frame costs microseconds, noisy enough that nothing passes by being exact.
#pragma once

#include "sim/simulated_bench.h"

#include <memory>

namespace opal::contract {

inline sim::Scene small_scene() {
    sim::Scene scene;
    scene.name = "small";
    scene.seed = 42;
    scene.dmd.rows = 64;
    scene.dmd.columns = 96;
    scene.dmd.macro_pixel_px = 8;
    scene.dmd.illumination_waist_px = 0;
    scene.dmd.memory_patterns = 32;
    scene.sensor.rows = 48;
    scene.sensor.columns = 64;
    scene.sensor.reference_photons_per_px_us = 10;  // far from the full well: counts stay linear
    scene.reference.ratio = 2;  // patterns change the brightness enough to be told apart
    scene.laser.warm_up_s = 0.5;
    scene.laser.power_noise = 0.003;
    scene.stability.drift_rad = 0.05;
    return scene;
}

class SmallBench {
public:
    static constexpr bool has_door_switch = true;
    static constexpr bool has_trigger_input = false;

    hal::Bench& bench() { return *bench_; }
    hal::Clock& clock() { return bench_->clock(); }
    void set_interlock(bool closed) { bench_->set_interlock(closed); }
    // How far device times may be from the ideal ones.
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

private:
    std::unique_ptr<sim::SimulatedBench> bench_ =
        sim::make_simulated_bench(small_scene(), {2, nullptr});
};

}  // namespace opal::contract
