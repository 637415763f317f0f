// A bench small enough to be calibrated in a second: preset lab with a sensor of 256 x 256 px and a
// DMD of 240 x 320 mirrors. For tests of what calibration does, not of how precise it is.
#pragma once

#include "calibration/calibrate.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <memory>
#include <string>
#include <vector>

namespace opal::tests {

inline std::unique_ptr<sim::SimulatedBench> small_bench(std::vector<std::string> overrides = {}) {
    std::vector<std::string> all{"sensor.rows=256",      "sensor.columns=256",
                                 "dmd.rows=240",         "dmd.columns=320",
                                 "dmd.macro_pixel_px=8", "dmd.illumination_waist_px=300",
                                 "dmd.stuck_on=0",       "dmd.stuck_off=0"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return sim::make_simulated_bench(sim::load_scene("lab", all));
}

inline calibration::Options small_options() {
    calibration::Options options;
    options.inputs = 4;
    options.region_rows = 64;
    options.region_columns = 64;
    options.carrier_frames = 128;
    return options;
}

}  // namespace opal::tests
