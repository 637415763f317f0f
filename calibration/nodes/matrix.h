// Matrix: the transmission matrix of the logical inputs, by Hadamard patterns [Popoff 2010] or by
// random ones and least squares (random_matrix.h).
//
// Inputs: identity. Used by: validation, projection/.
#pragma once

#include "calibration/verdict.h"

#include <complex>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace opal::calibration {

struct Session;

// Which patterns it is measured with. Hadamard: the least noise. Random: any number of frames.
enum class MatrixMethod { hadamard, random };

// "hadamard", "random".
std::string_view name_of(MatrixMethod method);
std::optional<MatrixMethod> method_named(std::string_view name);

struct TransmissionMatrix {
    Verdict verdict;
    MatrixMethod method = MatrixMethod::hadamard;
    int inputs = 0;
    // (inputs, modes): field of input i alone, background removed, sqrt(DN).
    std::vector<std::complex<float>> entries;
    int order = 0;           // of the Hadamard matrix; 0: random patterns
    int repeats = 0;         // with fresh random signs; 0: random patterns
    int frames = 0;          // it was made from
    double noise_power = 0;  // of one frame's field, per mode, DN
    // (inputs) variance of an entry of this input, in units of noise_power.
    std::vector<float> input_variance;
    double entry_snr = 0;                 // mean |T|^2 over the variance of an entry
    std::vector<double> singular_values;  // descending, over the root of the modes

    // Mean over inputs and modes of the variance of an entry's |error|, DN.
    double entry_variance() const;
};

// The inputs that each frame of this session's matrix lights, (frames, inputs) of 0 and 1; always
// the same ones.
std::vector<std::uint8_t> matrix_patterns(const Session& session);

TransmissionMatrix measure_matrix(Session& session);

}  // namespace opal::calibration
