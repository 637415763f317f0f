// MatrixComparison: how alike two measured transmission matrices of one bench are, and how alike
// they should be. Used by record_diff and `opal tm compare`.
//
//   T2_im = s exp(i phi(r_m)) T1_im + noise,   phi(r) = a.r + b |r|^2
//
// Each calibration finds the reference's carrier and curvature once, for all its frames. What they
// are off turns the modes by one phase surface phi, the same in every entry: no noise of a repeat,
// and far larger where few pixels place the carrier. It is fitted and compared with the stated
// uncertainty of carrier and curvature; the rest is compared with the entries' sigma.
#pragma once

#include "calibration/record.h"

#include <cstddef>
#include <optional>

namespace opal::calibration {

struct MatrixComparison {
    double correlation = 0;  // |<T1, T2>| / (|T1| |T2|)
    double expected = 0;     // of two measurements of one medium: noise and phase surfaces
    // The same with the best phase surface taken out, and what noise alone leaves of it.
    double flat_correlation = 0;
    double flat_expected = 0;
    double rest_over_noise = 0;    // mean square of what is left over that of the entries' sigmas
    double surface_rad = 0;        // rms of the surface over the modes
    double surface_sigma_rad = 0;  // what carriers and curvatures are stated to leave
    double worst_input = 0;        // correlation of the column least alike
    std::size_t worst_index = 0;   // its number

    // Four sigma of the stated surface, half as much again as noise explains.
    bool surface_moved() const { return surface_rad > 4 * surface_sigma_rad + 1e-4; }
    bool medium_moved() const { return 1 - flat_correlation > 1.5 * (1 - flat_expected) + 1e-6; }
};

// Empty if they cannot be compared: other inputs or modes, or one is missing.
std::optional<MatrixComparison> compare_matrices(const Record& before, const Record& after);

}  // namespace opal::calibration
