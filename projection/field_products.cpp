// FieldProducts: the plain form, then one Highway form for every instruction set. See
// field_products.h.
#include "projection/field_products.h"

#include <array>
#include <cassert>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "projection/field_products.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#ifndef OPAL_PROJECTION_FIELD_PRODUCTS_ONCE
#define OPAL_PROJECTION_FIELD_PRODUCTS_ONCE
namespace opal::projection {

// Partial sums of one product: `along` adds up to its real part, `across` to its imaginary part
// with alternating signs.
constexpr std::size_t partial_sums = 16;
struct PartialSums {
    std::array<float, partial_sums> along{};
    std::array<float, partial_sums> across{};

    // Adds components [first, components) of conj(other) * field; first is a multiple of 8.
    void add(const float* other, const float* field, std::size_t first, std::size_t components) {
        for (std::size_t k = first; k < components; ++k) {
            const std::size_t re = 2 * k % partial_sums;
            along[re] += other[2 * k] * field[2 * k];
            along[re + 1] += other[2 * k + 1] * field[2 * k + 1];
            across[re] += other[2 * k] * field[2 * k + 1];
            across[re + 1] += other[2 * k + 1] * field[2 * k];
        }
    }
    std::complex<float> total() const {
        float real = 0;
        float imaginary = 0;
        for (std::size_t p = 0; p < partial_sums; p += 2) {
            real += along[p] + along[p + 1];
            imaginary += across[p] - across[p + 1];
        }
        return {real, imaginary};
    }
};

}  // namespace opal::projection
#endif

HWY_BEFORE_NAMESPACE();
namespace opal::projection::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void products_simd(const float* others, const float* field, std::size_t components,
                   std::span<std::complex<float>> out) {
    for (std::size_t j = 0; j < out.size(); ++j) {
        PartialSums sums;
        sums.add(others + j * 2 * components, field, 0, components);
        out[j] = sums.total();
    }
}

#else

using Lanes = hn::CappedTag<float, partial_sums>;
using Vector = hn::Vec<Lanes>;
constexpr std::size_t most_lanes = hn::MaxLanes(Lanes());
constexpr std::size_t vectors = partial_sums / most_lanes;  // per set of partial sums

// `rows` products side by side: enough sums under way to hide the adder's latency, few enough to
// stay in registers.
template <std::size_t rows>
HWY_INLINE void products_of(const float* others, const float* field, std::size_t components,
                            std::complex<float>* out) {
    const Lanes df;
    Vector along[rows][vectors];
    Vector across[rows][vectors];
    for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t v = 0; v < vectors; ++v) along[j][v] = across[j][v] = hn::Zero(df);
    }
    const std::size_t whole = 2 * components / partial_sums * partial_sums;  // floats
    for (std::size_t x = 0; x < whole; x += partial_sums) {
        for (std::size_t v = 0; v < vectors; ++v) {
            const auto f = hn::LoadU(df, field + x + v * most_lanes);
            const auto turned = hn::Shuffle2301(f);  // imaginary and real parts change places
            for (std::size_t j = 0; j < rows; ++j) {
                const auto c = hn::LoadU(df, others + j * 2 * components + x + v * most_lanes);
                along[j][v] = hn::Add(along[j][v], hn::Mul(c, f));
                across[j][v] = hn::Add(across[j][v], hn::Mul(c, turned));
            }
        }
    }
    for (std::size_t j = 0; j < rows; ++j) {
        PartialSums sums;
        for (std::size_t v = 0; v < vectors; ++v) {
            hn::StoreU(along[j][v], df, &sums.along[v * most_lanes]);
            hn::StoreU(across[j][v], df, &sums.across[v * most_lanes]);
        }
        sums.add(others + j * 2 * components, field, whole / 2, components);
        out[j] = sums.total();
    }
}

void products_simd(const float* others, const float* field, std::size_t components,
                   std::span<std::complex<float>> out) {
    constexpr std::size_t rows = vectors < 4 ? 4 / vectors : 1;
    std::size_t j = 0;
    for (; j + rows <= out.size(); j += rows)
        products_of<rows>(others + j * 2 * components, field, components, &out[j]);
    for (; j < out.size(); ++j)
        products_of<1>(others + j * 2 * components, field, components, &out[j]);
}

#endif

}  // namespace opal::projection::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::projection {

namespace {

const float* parts(std::span<const std::complex<float>> field) {
    return reinterpret_cast<const float*>(field.data());
}

}  // namespace

HWY_EXPORT(products_simd);

void field_products(std::span<const std::complex<float>> others,
                    std::span<const std::complex<float>> field,
                    std::span<std::complex<float>> out) {
    assert(others.size() == out.size() * field.size());
    HWY_DYNAMIC_DISPATCH(products_simd)(parts(others), parts(field), field.size(), out);
}

void field_products_plain(std::span<const std::complex<float>> others,
                          std::span<const std::complex<float>> field,
                          std::span<std::complex<float>> out) {
    assert(others.size() == out.size() * field.size());
    for (std::size_t j = 0; j < out.size(); ++j) {
        PartialSums sums;
        sums.add(parts(others.subspan(j * field.size())), parts(field), 0, field.size());
        out[j] = sums.total();
    }
}

}  // namespace opal::projection
#endif
