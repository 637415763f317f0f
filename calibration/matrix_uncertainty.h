// MatrixUncertainty: how well each entry of a measured transmission matrix is known.
//
//   sigma_im^2 = a_i v_m,   v_m = noise_power n_m / mean(n)
//
// a_i is the matrix's input_variance: 2 / (order repeats) for Hadamard patterns, an entry being the
// mean of order x repeats differences of two frames. noise_power is what the fit left over, mean
// over modes: everything that changes from frame to frame, fringes of |S|^2 under fresh signs
// included. How it is shared between the modes, n_m, follows from the light of the reference, the
// camera's noise and the demodulator's taps: modes at the rim see half a filter.
//
// Rule: entry_sigma is the noise of a repeat. What every frame has in common is in every repeat
// too, and stated apart: the phase surface that carrier and curvature may be off by, the same for
// all inputs. Pixels' own gains are in neither; they are the same in every calibration of a bench.
#pragma once

#include "calibration/record.h"

#include <vector>

namespace opal::calibration {

// Standard deviation of |T_mi - its mean over repeats|, (inputs, modes), sqrt(DN).
// Real and imaginary part have 1 / sqrt(2) of it each. The record needs a matrix, a reference and a
// photon transfer (asserts).
std::vector<float> entry_sigma(const Record& record);

// By how much the reference's phase over the region is uncertain.
struct PhaseUncertainty {
    double rows_rad_per_px = 0;  // a tilt
    double columns_rad_per_px = 0;
    double bend_rad_per_px2 = 0;  // times the squared distance from the region's centre
};
PhaseUncertainty phase_uncertainty(const Carrier& carrier, const Holography& holography);

// Standard deviation of the phase, against the region's centre, that all entries of a mode share,
// (modes), rad. The record needs a carrier (asserts).
std::vector<float> phase_sigma(const Record& record);

}  // namespace opal::calibration
