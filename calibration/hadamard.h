// Hadamard: the +-1 patterns the transmission matrix is measured with, and their fast inverse.
// Sylvester order: entry (row, column) is +1 if popcount(row & column) is even. H H = order * 1.
#pragma once

#include <complex>
#include <cstddef>
#include <span>

namespace opal::calibration {

// Smallest power of two >= n (n at least 1).
int hadamard_order(int n);

// +1 or -1.
int hadamard_entry(int row, int column);

// In place: data (order, columns) row-major becomes H data, O(order log order columns). Fastest
// while data fit the second-level cache. The plain twin defines it; both give the same bits.
void hadamard_transform(std::span<std::complex<float>> data, int order, std::size_t columns);
void hadamard_transform_plain(std::span<std::complex<float>> data, int order, std::size_t columns);

}  // namespace opal::calibration
