// MatrixRefresh: the guard strip's fields and the transmission matrix, measured again while they
// are in use, from frames of known patterns.
//
//   f_n(k) = g_n (background(k) + sum_j code_nj column_j(k) + sum_i d_ni T_i(k)) + noise
//
// The unknowns x(k) of a mode - background, 32 columns, N inputs - start from what is known and
// move as far as the frames demand: with A the known patterns, one row a frame,
//
//   x <- x + (A^T A + lambda)^-1 A^T (f / g - A x),     lambda = noise / change expected
//
// which is the most probable x if it changed by independent normal amounts (ridge regression
// [Hoerl 1970]). Gains come from the whole predicted field, g_n = <A_n x, f_n> / |A_n x|^2, in
// turn with x. Their common factor cannot be known; the strip keeps its power and phase.
#pragma once

#include "calibration/record.h"

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::projection {

struct RefreshFrames {
    std::vector<std::uint8_t> bits;           // (frames, inputs)
    std::vector<std::uint32_t> words;         // (frames)
    std::vector<std::complex<float>> fields;  // (frames, modes)
};

struct RefreshResult {
    // What the new entries leave unexplained of other frames' data, beyond those frames' own noise.
    double own_rest = 0;
    double entry_sigma = 0;  // of an entry, relative to the rms of the entries
};

// How many frames a refresh takes: each unknown four times.
std::size_t refresh_frames(int inputs);

// Replaces identity and matrix of `record`, their uncertainties included: the noise of a frame as
// these frames show it, and what it leaves of each input and of the strip. `rest_over_data`: how
// far they are thought to be off. Throws std::invalid_argument if the record holds no matrix or the
// frames do not fit it.
RefreshResult refresh_matrix(calibration::Record& record, const RefreshFrames& frames,
                             double rest_over_data);

}  // namespace opal::projection
