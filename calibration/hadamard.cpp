// Hadamard: see hadamard.h.
#include "calibration/hadamard.h"

#include <bit>
#include <cassert>
#include <cstdint>

namespace opal::calibration {

int hadamard_order(int n) {
    assert(n >= 1);
    return static_cast<int>(std::bit_ceil(static_cast<std::uint32_t>(n)));
}

int hadamard_entry(int row, int column) {
    return std::popcount(static_cast<std::uint32_t>(row) & static_cast<std::uint32_t>(column)) % 2
               ? -1
               : 1;
}

void hadamard_transform(std::span<std::complex<float>> data, int order, std::size_t columns) {
    const auto n = static_cast<std::size_t>(order);
    assert(std::has_single_bit(n) && data.size() == n * columns);
    for (std::size_t half = 1; half < n; half *= 2)
        for (std::size_t block = 0; block < n; block += 2 * half)
            for (std::size_t row = block; row < block + half; ++row) {
                std::complex<float>* const a = data.data() + row * columns;
                std::complex<float>* const b = a + half * columns;
                for (std::size_t c = 0; c < columns; ++c) {
                    const std::complex<float> sum = a[c] + b[c];
                    b[c] = a[c] - b[c];
                    a[c] = sum;
                }
            }
}

}  // namespace opal::calibration
