// Recombine: fields of the distinct patterns -> the batch's projection. The arrow before feedback.
//
//   projection(b, k) = gain * scale(b) * sum_j 2^j (field(plus(b, j), k) - field(minus(b, j), k))
//
// Fields are those of the data alone: drift, static light and the guard strip are already gone
// (projection/pilot.h). Light adds, so the sum over planes is exact up to float rounding.
#pragma once

#include "dfa/projector.h"
#include "projection/encoder.h"
#include "projection/quantiser.h"

#include <Eigen/Core>

#include <complex>

namespace opal::projection {

// (patterns, modes), row-major.
using FieldMatrix =
    Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// feedback: resized to (samples, outputs); output 2k is the real part of mode k, 2k + 1 the
// imaginary part: two independent real features. outputs <= 2 * fields.cols().
void recombine(const QuantisedBatch& quantised, const EncodedBatch& encoded,
               const FieldMatrix& fields, float gain, Eigen::Index outputs, dfa::Matrix& feedback);

}  // namespace opal::projection
