// Dark: frames with the laser off. First node: black level, read noise, dark current, hot pixels.
//
// Inputs: none. Used by: photon transfer (read noise in electrons), reference (black level).
#pragma once

#include "calibration/verdict.h"

#include <cstdint>
#include <vector>

namespace opal::calibration {

struct Session;

// Noise is measured in the camera's deepest format, "deep" below; counts of the working format are
// coarser and may not show it at all.
struct Dark {
    Verdict verdict;
    Measured black_level_dn;       // working format
    Measured black_level_deep_dn;  // deep format
    Measured read_noise_deep_dn;   // temporal rms, quantisation removed
    Measured dark_current_deep_dn_per_s;
    double offset_spread_deep_dn = 0;  // rms between pixels (DSNU)
    double temperature_c = 0;
    int deep_bits = 0;
    // Pixels of the survey region whose dark signal stands out, as row * columns + column.
    std::vector<std::uint32_t> hot_pixels;
};

Dark measure_dark(Session& session);

}  // namespace opal::calibration
