// Validation: held-out random patterns. Does the matrix predict what the camera sees, and if not,
// which source of error is to blame?
//
// Inputs: matrix and everything before it. The last node.
#pragma once

#include "calibration/verdict.h"

#include <complex>
#include <string>
#include <vector>

namespace opal::calibration {

struct Session;

struct ErrorSource {
    std::string name;
    double share = 0;        // predicted: error power over signal power
    Measured measured;       // the same, as seen in frames; if separable
    bool separable = false;  // this bench and this many inputs tell it from the others
    std::string how;         // it was measured, or why it could not be
};

struct Validation {
    Verdict verdict;
    Measured correlation;          // |<T d, measured>| / (|T d| |measured|), all frames
    double worst_correlation = 0;  // of a single frame
    double effective_bits = 0;     // 0.5 log2(1 / (1 - correlation^2)), per output
    int patterns = 0;
    int new_patterns = 0;        // of them: inputs that no frame of the matrix showed
    double measured_error = 0;   // 1 - correlation^2
    double predicted_error = 0;  // sum of the budget
    std::vector<ErrorSource> budget;
    Measured temporal_error;        // differs from frame to frame of the same pattern
    Measured reproducible_error;    // comes again with the pattern
    double noise_limited_bits = 0;  // if shot noise, read noise and quantisation were all there is
    double shot_limited_bits = 0;   // if shot noise was
    double phase_step_rad = 0;  // rms phase between these frames and when the strip was measured
    // One held-out frame for plots: predicted and measured field, (modes).
    std::vector<std::complex<float>> example_predicted;
    std::vector<std::complex<float>> example_measured;
};

Validation measure_validation(Session& session);

}  // namespace opal::calibration
