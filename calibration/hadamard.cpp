// Hadamard: see hadamard.h. Two stages of butterflies at a time, so that each value is loaded and
// stored half as often; the additions and their order are those of the plain form.
#include "calibration/hadamard.h"

#include <bit>
#include <cassert>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "calibration/hadamard.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::calibration::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// a, b <- a + b, a - b, on rows of n values.
void butterfly(float* a, float* b, std::size_t n) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const auto va = hn::LoadU(d, a + i);
        const auto vb = hn::LoadU(d, b + i);
        hn::StoreU(hn::Add(va, vb), d, a + i);
        hn::StoreU(hn::Sub(va, vb), d, b + i);
    }
    for (; i < n; ++i) {
        const float sum = a[i] + b[i];
        b[i] = a[i] - b[i];
        a[i] = sum;
    }
}

// Two stages on four rows `step` values apart.
void two_butterflies(float* rows, std::size_t step, std::size_t n) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    float* const a = rows;
    float* const b = rows + step;
    float* const c = rows + 2 * step;
    float* const e = rows + 3 * step;
    const auto four = [&](auto tag, std::size_t i) {
        const auto va = hn::LoadU(tag, a + i);
        const auto vb = hn::LoadU(tag, b + i);
        const auto vc = hn::LoadU(tag, c + i);
        const auto ve = hn::LoadU(tag, e + i);
        const auto ab = hn::Add(va, vb);
        const auto a_b = hn::Sub(va, vb);
        const auto ce = hn::Add(vc, ve);
        const auto c_e = hn::Sub(vc, ve);
        hn::StoreU(hn::Add(ab, ce), tag, a + i);
        hn::StoreU(hn::Add(a_b, c_e), tag, b + i);
        hn::StoreU(hn::Sub(ab, ce), tag, c + i);
        hn::StoreU(hn::Sub(a_b, c_e), tag, e + i);
    };
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) four(d, i);
    for (; i < n; ++i) four(hn::CappedTag<float, 1>(), i);
}

// values: floats per row.
void transform_simd(float* data, std::size_t order, std::size_t values) {
    std::size_t half = 1;
    for (; 4 * half <= order; half *= 4)
        for (std::size_t block = 0; block < order; block += 4 * half)
            for (std::size_t row = block; row < block + half; ++row)
                two_butterflies(data + row * values, half * values, values);
    if (half < order)
        for (std::size_t row = 0; row < half; ++row)
            butterfly(data + row * values, data + (row + half) * values, values);
}

}  // namespace opal::calibration::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::calibration {

HWY_EXPORT(transform_simd);

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
    // A complex number is two floats side by side [C++ standard, complex.numbers].
    HWY_DYNAMIC_DISPATCH(transform_simd)(reinterpret_cast<float*>(data.data()), n, 2 * columns);
}

void hadamard_transform_plain(std::span<std::complex<float>> data, int order, std::size_t columns) {
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
#endif
