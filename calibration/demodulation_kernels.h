// DemodulationKernels: the inner loops of the demodulator, on rows of floats.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine (Highway, chosen at run time). Both add in the same order without fusing, so both give
// the same bits on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::calibration {

// out[r] = (counts[r] - offset[r]) * weight[r]; all of the size of `out`.
template <class Count>
struct CountRow {
    const Count* counts = nullptr;
    const float* offset = nullptr;  // DN
    const float* weight = nullptr;
};
void weigh_counts(const CountRow<std::uint8_t>& row, std::span<float> out);
void weigh_counts(const CountRow<std::uint16_t>& row, std::span<float> out);
void weigh_counts_plain(const CountRow<std::uint8_t>& row, std::span<float> out);
void weigh_counts_plain(const CountRow<std::uint16_t>& row, std::span<float> out);

// Complex taps of one output sample.
struct ComplexTaps {
    const float* real = nullptr;
    const float* imaginary = nullptr;
    int count = 0;
};

// Real rows, one below the other, each `columns` long -> one complex row:
//   out(c) = sum over k of taps(k) * rows(k, c)
void filter_down(const ComplexTaps& taps, const float* rows, std::size_t columns, float* real,
                 float* imaginary);
void filter_down_plain(const ComplexTaps& taps, const float* rows, std::size_t columns, float* real,
                       float* imaginary);

// Rows handled side by side by the two functions below.
inline constexpr std::size_t band_rows = 32;

// in: (band_rows, columns) -> out: (columns, band_rows).
void transpose_band(const float* in, std::size_t columns, float* out);
void transpose_band_plain(const float* in, std::size_t columns, float* out);

// Complex columns of band_rows values, one after the other -> one column:
//   out(i) = sum over k of taps(k) * in(k, i)
void filter_across(const ComplexTaps& taps, const float* real_in, const float* imaginary_in,
                   float* real, float* imaginary);
void filter_across_plain(const ComplexTaps& taps, const float* real_in, const float* imaginary_in,
                         float* real, float* imaginary);

}  // namespace opal::calibration
