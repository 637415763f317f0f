// Sensor: photo-electrons expected per pixel -> counts, after EMVA 1288 [EMVA 2021, section 2].
// The last arrow of the simulated optics.
//
//   mean     = PRNU * photo + (dark current (+ hot)) * time          electrons
//   electrons = min(Poisson(mean), full well) + DSNU + read noise
//   counts   = round(electrons / gain + black level), within 0 .. 2^bits - 1
//
// Everything is keyed by the absolute pixel, so a region is a cut-out of the full sensor. 32 random
// bits serve one pixel of one frame: the lower 16 the shot noise, the upper 16 the read noise.
//
// Shot noise: from 16 electrons on, the normal z with the Poisson's variance and skewness,
//   mean + sqrt(mean - v) z + (z^2 - 1) / 6,    v = (kurtosis - 1) / 36  [Cornish 1938]
// which has exactly the mean and variance `mean`; below, the Poisson's inverse distribution of a
// 16-bit uniform number. Electrons stay fractional from 16 on: no camera can tell.
#pragma once

#include "hal/frame.h"
#include "sim/physics/sensor_kernels.h"
#include "sim/scene.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::sim {

// What makes the pixels of a region differ; drawn once. Row-major over the region.
struct PixelMaps {
    std::vector<float> response;       // PRNU: 1 on average
    std::vector<float> dark_e_per_us;  // at the sensor's temperature, hot pixels included
    std::vector<float> offset_e;       // DSNU

    void resize(std::size_t pixels);
};

class Sensor {
public:
    Sensor(const SensorScene& scene, std::uint64_t seed);

    PixelMaps maps(hal::Region region) const;
    // Those of `part` into `maps` from pixel `first` on.
    void draw_maps(hal::Region part, std::size_t first, PixelMaps& maps) const;
    Readout readout(hal::PixelFormat format) const;

    // Random bits of rows 4 * row_group + (0..3), columns [column, column + count) of one frame:
    // shape (4, count).
    void draw_noise(std::uint64_t frame_key, std::uint32_t row_group, std::uint32_t column,
                    std::size_t count, std::uint32_t* bits) const;

    // electrons: on its way to counts, as long as the strip.
    void collect(const PixelStrip& strip, std::span<float> electrons) const;

private:
    SensorScene scene_;
    std::uint64_t seed_;
    double warmth_;  // dark current at the sensor's temperature over that at 25 C
};

}  // namespace opal::sim
