// The simulated bench shows the symptoms of wrong timing as a real one does.
#include "tests/contract/bench_suites.h"
#include "tests/contract/small_bench.h"

namespace {

using namespace opal;

// Without noise and drift equal light gives equal bytes, so nothing but equal frames will do.
class QuietBench {
public:
    static constexpr bool has_door_switch = false;
    static constexpr bool has_trigger_input = false;
    static hal::Duration time_tolerance() { return hal::Duration{0}; }

    hal::Bench& bench() { return *bench_; }
    // Mirrors move settle_us after the edge; the camera opens trigger_delay_us after it.
    hal::Duration mirror_lag() {
        return bench_->dmd().info().settle_time - std::chrono::microseconds(3);
    }

private:
    static sim::Scene scene() {
        sim::Scene scene = contract::small_scene();
        scene.sensor.shot_noise = false;
        scene.sensor.read_noise_e = 0;
        scene.sensor.trigger_delay_us = 3;
        scene.sensor.readout_us_per_row = 10;
        scene.laser.power_noise = 0;
        scene.stability.drift_rad = 0;
        return scene;
    }
    std::unique_ptr<sim::SimulatedBench> bench_ = sim::make_simulated_bench(scene(), {2, nullptr});
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(QuietBench);

OPAL_PAIRING_SUITE(QuietBench);
