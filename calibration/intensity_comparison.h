// IntensityComparison: does a matrix measured without a reference agree with one measured with it?
//
//   B'_i = Re((2 b + sum_k T_k)* T_i)   from the record,   B_i from intensities
//
// b is the record's static light. The exposures differ, so a common factor is free; phases are not,
// and a wrong sign or a mixed-up input of either cannot hide.
#pragma once

#include "calibration/intensity_matrix.h"
#include "calibration/record.h"

#include <cstddef>

namespace opal::calibration {

struct IntensityComparison {
    // <B', B> / (|B'| |B|) over all inputs and the modes at least rim_modes from the region's edge,
    // where the demodulator's filter is whole.
    double correlation = 0;
    double expected = 0;  // what the stated noise of both leaves of it
    double factor = 0;    // B over B'
    double worst_input = 0;
    std::size_t worst_index = 0;
    std::size_t modes = 0;  // compared
    static constexpr int rim_modes = 3;
};

// Throws std::invalid_argument if they do not fit each other: bench, inputs, modes.
IntensityComparison compare(const Record& record, const IntensityMatrix& intensities);

}  // namespace opal::calibration
