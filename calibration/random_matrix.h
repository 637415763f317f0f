// RandomMatrix: fields of arbitrary binary patterns, each seen through an unknown complex gain ->
// the transmission matrix, by least squares with a ridge that the measured noise sets.
//
//   y_f = g_f (P_w + sum_i d_fi T_i) + noise of variance v_m in mode m
//   T = (A^T A + lambda 1)^-1 A^T (y / g - P),    A = (d_fi),    lambda = v / mean |T|^2
//
// lambda is the one that gives the least expected error for Gaussian entries. Gains
// and matrix are fitted in turn as in matrix_fit.h: with the strip free until they stand, then with
// the strip that is known.
//
// Rule: modes are worked on in tiles of a fixed size whose sums are added in a fixed order, so the
// result is the same bytes whether the fields are in memory or on disk.
#pragma once

#include "calibration/field_store.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

struct RandomPatterns {
    std::size_t inputs = 0;
    std::vector<std::uint8_t> on;      // (frames, inputs) of 0 and 1
    std::vector<std::uint32_t> words;  // (frames) shown in the strip, below code_words
    std::size_t frames() const { return words.size(); }
};

struct RandomFit {
    std::vector<std::complex<float>> entries;  // (inputs, modes)
    std::vector<float> mode_noise;             // (modes) v_m, mean |residual|^2 of a frame
    std::vector<float> input_variance;         // (inputs) [(A^T A + lambda 1)^-1]_ii
    std::vector<std::complex<double>> gains;   // (frames)
    double ridge = 0;                          // lambda
    // Standard deviation of |error| of the entry of this input and mode.
    float sigma(std::size_t input, std::size_t mode) const {
        return std::sqrt(mode_noise[mode] * input_variance[input]);
    }
};

// strips: (code_words, modes), P_w of every word. More frames than inputs + 33 are needed
// (asserts).
RandomFit fit_random(const RandomPatterns& patterns, std::span<const std::complex<float>> strips,
                     FieldStore& fields);

}  // namespace opal::calibration
