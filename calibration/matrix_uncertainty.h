// MatrixUncertainty: how well each entry of a measured transmission matrix is known.
//
//   sigma_m^2 = 2 v_m / (order repeats),   v_m = noise_power n_m / mean(n)
//
// An entry is the mean of order x repeats differences of two frames. noise_power is what the fit
// left over, mean over modes: everything that changes from frame to frame, fringes of |S|^2 under
// fresh signs included. How it is shared between the modes, n_m, follows from the light of the
// reference, the camera's noise and the demodulator's taps: modes at the rim see half a filter.
//
// Rule: it is the noise of a repeat, not the distance from the truth: what every frame has in
// common (a wrong carrier, pixels' own gains) is in every repeat too.
#pragma once

#include "calibration/record.h"

#include <vector>

namespace opal::calibration {

// Standard deviation of |T_mi - its mean over repeats|, (modes), sqrt(DN), the same for all inputs.
// Real and imaginary part have 1 / sqrt(2) of it each. The record needs a matrix, a reference and a
// photon transfer (asserts).
std::vector<float> entry_sigma(const Record& record);

}  // namespace opal::calibration
