// SpeckleKernels: the inner loop of both interpolation passes, a weighted sum of 12 rows of int16.
//
// A plain form, which defines it, and a form for the widest vector registers of the machine
// (Highway, chosen at run time). Both give the same integers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace opal::sim {

inline constexpr std::size_t speckle_taps = 12;

using TapRows = std::array<const std::int16_t*, speckle_taps>;

// out[x] = (sum over t of coefficients[t] * rows[t][x] + 2^13) >> 14, saturated to int16.
// coefficients: 12 of them, sum of magnitudes below 2 * 2^14, so int32 holds every sum.
void weigh_rows_plain(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                      std::int16_t* out);
void weigh_rows(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                std::int16_t* out);

}  // namespace opal::sim
