// FeedbackStatistics: what reaches a hidden block, in numbers: is the light's feedback the same
// kind of signal as a digital matrix's, and how much of it is noise?
//
//   F = X M + N      F: feedback of a batch, one row per sample; X: what was projected; M: the
//                    matrix that explains F best (least squares); N: the rest
//
// M need not be known, so the same numbers can be had from a matrix and from a bench of light. N
// holds all that is not a fixed linear map of the error: quantisation and noise. Backpropagation
// through more than one layer is no linear map; it has no N.
#pragma once

#include "dfa/feedback.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace opal::dfa {

struct FeedbackStatistics {
    static constexpr int bins = 33;  // of the histogram: -4.125 to 4.125 deviations, ends included

    double mean = 0;  // of all components of all rows that got any feedback
    double deviation = 0;
    double kurtosis = 0;     // excess: 0 for a normal distribution
    double correlation = 0;  // root mean square over pairs of components, across rows
    // Mean square of X M over that of N, both freed of what least squares fits to noise. Empty: no
    // X, or too few rows to tell.
    std::optional<double> signal_to_noise;
    double noise_correlation = 0;  // as `correlation`, of N; by chance alone 1 / sqrt(rows)
    std::array<std::uint32_t, bins> histogram{};
};

// projected: X, or null. Rows that are 0 in `feedback` are left out.
FeedbackStatistics feedback_statistics(const MatrixView& feedback, const Matrix* projected);

}  // namespace opal::dfa
