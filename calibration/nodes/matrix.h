// Matrix: the transmission matrix of the logical inputs, by Hadamard patterns [Popoff 2010].
//
// Inputs: identity. Used by: validation, projection/.
#pragma once

#include "calibration/verdict.h"

#include <complex>
#include <vector>

namespace opal::calibration {

struct Session;
class HadamardPlan;

struct TransmissionMatrix {
    Verdict verdict;
    int inputs = 0;
    // (inputs, modes): field of input i alone, background removed, sqrt(DN).
    std::vector<std::complex<float>> entries;
    int order = 0;                        // of the Hadamard matrix
    int repeats = 0;                      // with fresh random signs
    double noise_power = 0;               // of one frame's field, per mode, DN
    double entry_snr = 0;                 // mean |T|^2 over the variance of an entry
    std::vector<double> singular_values;  // descending, over the root of the modes
};

// Which patterns the matrix of this session is measured with; always the same ones.
HadamardPlan matrix_plan(const Session& session);

TransmissionMatrix measure_matrix(Session& session);

}  // namespace opal::calibration
