// DriftingFit: fields of known patterns, each seen through an unknown complex gain -> the field of
// every part of the pattern. How calibration gets rid of drift before any phase reference exists.
//
//   y_f = g_f sum_k a_fk c_k + noise,    f = frame, k = part (a block, an anchor, static light)
//
// g_f is the phase between the arms and the laser's power in frame f. The fit alternates: given the
// gains, the parts are linear least squares; given the parts, each gain is the projection of a
// frame on its own prediction [alternating least squares, Young 1976 for the principle]. It starts
// from the leading eigenvector of the frames' Gram matrix: what all frames have in common.
//
// Rule: a common complex factor cannot be known. The mean of g is made 1.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace opal::calibration {

struct DriftingFit {
    std::vector<std::complex<float>> parts;  // (parts, modes)
    std::vector<std::complex<float>> gains;  // (frames)
    double noise_power =
        0;                 // mean |residual|^2 per mode and frame, degrees of freedom accounted for
    double condition = 0;  // of the design: how much the fit amplifies noise at worst
    int iterations = 0;
};

// fields: (frames, modes). design: (frames, parts), entries a_fk. More frames than parts are
// needed (asserts).
DriftingFit fit_drifting(std::span<const std::complex<float>> fields, std::span<const float> design,
                         std::size_t frames, std::size_t parts, std::size_t modes);

}  // namespace opal::calibration
