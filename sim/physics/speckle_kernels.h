// SpeckleKernels: the inner loops of both interpolation passes, weighted sums of 12 rows of int16,
// and the shuffle that puts the columns' phases side by side.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine (Highway, chosen at run time). Both give the same integers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace opal::sim {

inline constexpr std::size_t speckle_taps = 12;

using TapRows = std::array<const std::int16_t*, speckle_taps>;

// Several weightings of the same rows.
struct Weighting {
    const std::int16_t* coefficients = nullptr;  // (outputs, 12); |sum| of each below 2 * 2^14
    std::size_t outputs = 0;
    std::size_t count = 0;   // values of one output
    std::size_t stride = 0;  // from one output to the next
};

// out[n * stride + x] = (sum over t of coefficients[n][t] * rows[t][x] + 2^13) >> 14, saturated to
// int16. The coefficients' magnitudes add up to less than 2 * 2^14, so int32 holds every sum.
void weigh_rows_plain(const TapRows& rows, const Weighting& how, std::int16_t* out);
void weigh_rows(const TapRows& rows, const Weighting& how, std::int16_t* out);

// Complex values, re and im side by side: out[p * pitch + q] = phases[q * count + p], p < count,
// q < pitch.
void interleave_plain(const std::int16_t* phases, std::size_t pitch, std::size_t count,
                      std::int16_t* out);
void interleave(const std::int16_t* phases, std::size_t pitch, std::size_t count,
                std::int16_t* out);

}  // namespace opal::sim
