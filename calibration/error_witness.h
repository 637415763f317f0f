// ErrorWitness: how much each source of error really contributes, found in frames; the other half
// of the error budget. Between validation's frames and its table; uses the bench and nothing else.
//
// Every held-out pattern is shown twice, and the first ones again after a pause. With r = y - g (P
// + T d) what the prediction of a frame leaves (P the strip, T d the data, g the frame's gain):
//
//   temporal noise     half the power of r - r' of two frames of one pattern
//   reproducible       <r, r'>: noise of two frames is independent [as in nodes/reference.cpp]
//   shot, read, quant. pixels, outside of the bands, at three amounts of light and in two formats
//   band overlap       what of r / g goes with D(|S|^2) computed from the frame's own field
//   twin image         what of r / g goes with the twin of P and T d, which turns with g* / g; it
//                      is taken out before the following are looked for
//   matrix, strip      what of r / g is linear in inputs and strip blocks, by least squares
//   encoding           what is reproducible and nothing of these: it takes more to explain
//   PRNU               light common to all patterns that does not turn when the phase does: the
//                      change of r / g over the pause, regressed on the change of 1 / g
//   drift              change of the fields over the pause, scaled to the age of the matrix by the
//                      larger of two laws (nodes/drift.h)
//
// Rule: a share that cannot be told from another on this bench says so and why.
#pragma once

#include "calibration/nodes/validation.h"
#include "calibration/white_noise.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

struct Record;
class Demodulator;

struct WitnessInputs {
    using Field = std::vector<std::complex<float>>;
    std::size_t modes = 0;
    std::size_t patterns = 0;
    std::size_t late_patterns = 0;  // the first ones, shown again once
    Field fields;                   // (2 patterns + late_patterns, modes); pairs side by side
    Field residuals;                // r, likewise
    std::vector<std::complex<double>> gains;  // likewise
    std::vector<float> design;  // (patterns, parts): inputs and strip blocks that are on
    std::size_t parts = 0;
    std::size_t inputs = 0;  // the first of the parts
    double lit_part = 0.5;   // of the inputs
    double pause_s = 0;
    double age_s = 0;        // of the matrix, mean over the frames
    double scale = 0;        // share of power: 1 / (data power * mean |g|^2)
    double phase_step2 = 0;  // mean |1 - g|^2

    std::vector<float> mean_light;  // of the frames, above black, (pixels)
    NoiseLevel working;             // of pairs of these frames
    NoiseLevel dim;                 // the shortest exposure, same format
    NoiseLevel fine, coarse;        // one exposure, two formats; variances in DN of each
    double steps = 0;               // DN of `fine` per DN of `coarse`; 0: only one format
    std::uint64_t clipped = 0;      // pixels at the clipping level
    std::uint64_t pixels = 0;       // of so many
};

// Standard uncertainty of Re sum conj(a_i) b_i over `count` complex numbers: a_i and b_i have a
// part in common, of summed power `common`, and each its own noise of power `noise`. Noise times
// noise gives noise^2 / 2 for each, noise times what is common noise * common in all.
inline double product_sigma(double noise, double common, double count) {
    return std::sqrt(noise * noise / 2 * count + noise * common);
}

// Standard uncertainty of mean |d|^2 over `changes` complex numbers of noise, less the noise's
// power `noise` as `known` other numbers tell it: |d|^2 scatters by its mean.
inline double change_sigma(double noise, double changes, double known) {
    return noise * std::sqrt(1 / std::max(changes, 1.0) + 1 / std::max(known, 1.0));
}

// Fills measured, separable and how of the sources in `validation.budget`, and its temporal and
// reproducible error.
void witness_errors(const Record& record, const Demodulator& demodulator, const WitnessInputs& in,
                    Validation& validation);

}  // namespace opal::calibration
