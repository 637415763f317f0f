// LayeredKernels: plain forms, then one Highway form for every instruction set. See
// layered_kernels.h.
#include "sim/physics/layered_kernels.h"

#include <algorithm>
#include <bit>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/layered_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#ifndef OPAL_SIM_PHYSICS_LAYERED_KERNELS_ONCE
#define OPAL_SIM_PHYSICS_LAYERED_KERNELS_ONCE
namespace opal::sim {

template <class T>
void plain_rows(T* x, std::size_t rows, std::size_t width) {
    for (std::size_t half = 1; half < rows; half *= 2) {
        for (std::size_t r = 0; r < rows; ++r) {
            if ((r & half) != 0) continue;
            T* const a = x + r * width;
            T* const b = a + half * width;
            for (std::size_t c = 0; c < width; ++c) {
                const T sum = a[c] + b[c];
                b[c] = a[c] - b[c];
                a[c] = sum;
            }
        }
    }
}

// (re, im) * i^exponent
template <class T>
std::pair<T, T> turned(unsigned exponent, T re, T im) {
    switch (exponent & 3u) {
        case 1:
            return {-im, re};
        case 2:
            return {-re, -im};
        case 3:
            return {im, -re};
        default:
            return {re, im};
    }
}

template <class In, class Out>
void plain_turn(const Diagonal& diagonal, std::size_t first, std::size_t count, const In* re,
                const In* im, Out* out_re, Out* out_im) {
    for (std::size_t k = 0; k < count; ++k) {
        const unsigned exponent = diagonal.word(first + k) >> 2 * ((first + k) % 16);
        const auto [r, i] = turned(exponent, Out{re[k]}, im != nullptr ? Out{im[k]} : Out{0});
        out_re[k] = r;
        out_im[k] = i;
    }
}

}  // namespace opal::sim
#endif

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// One lane: nothing to gain over the plain forms.
template <class T>
void rows_simd(T* x, std::size_t rows, std::size_t width) {
    plain_rows(x, rows, width);
}
template <class T>
void line_simd(T* x, std::size_t size) {
    plain_rows(x, size, 1);
}
template <class In, class Out>
void turn_simd(const Diagonal& diagonal, std::size_t first, std::size_t count, const In* re,
               const In* im, Out* out_re, Out* out_im) {
    plain_turn(diagonal, first, count, re, im, out_re, out_im);
}

#else

template <class V>
HWY_INLINE void butterfly(V& a, V& b) {
    const V sum = hn::Add(a, b);
    b = hn::Sub(a, b);
    a = sum;
}

// `count` stages in one walk over the array: 2^count rows at a time, `step` rows apart.
template <int count, class D, class T>
HWY_INLINE void few_stages(D d, T* x, std::size_t rows, std::size_t width, std::size_t step) {
    constexpr std::size_t group = std::size_t{1} << count;
    const std::size_t lanes = hn::Lanes(d);
    const std::size_t stride = step * width;
    for (std::size_t begin = 0; begin < rows; begin += group * step) {
        for (std::size_t k = 0; k < stride; k += lanes) {
            T* const p = x + begin * width + k;
            auto v0 = hn::LoadU(d, p);
            auto v1 = hn::LoadU(d, p + stride);
            if constexpr (count == 1) {
                butterfly(v0, v1);
            } else {
                auto v2 = hn::LoadU(d, p + 2 * stride);
                auto v3 = hn::LoadU(d, p + 3 * stride);
                butterfly(v0, v1);
                butterfly(v2, v3);
                butterfly(v0, v2);
                butterfly(v1, v3);
                if constexpr (count == 3) {
                    auto v4 = hn::LoadU(d, p + 4 * stride);
                    auto v5 = hn::LoadU(d, p + 5 * stride);
                    auto v6 = hn::LoadU(d, p + 6 * stride);
                    auto v7 = hn::LoadU(d, p + 7 * stride);
                    butterfly(v4, v5);
                    butterfly(v6, v7);
                    butterfly(v4, v6);
                    butterfly(v5, v7);
                    butterfly(v0, v4);
                    butterfly(v1, v5);
                    butterfly(v2, v6);
                    butterfly(v3, v7);
                    hn::StoreU(v4, d, p + 4 * stride);
                    hn::StoreU(v5, d, p + 5 * stride);
                    hn::StoreU(v6, d, p + 6 * stride);
                    hn::StoreU(v7, d, p + 7 * stride);
                }
                hn::StoreU(v2, d, p + 2 * stride);
                hn::StoreU(v3, d, p + 3 * stride);
            }
            hn::StoreU(v0, d, p);
            hn::StoreU(v1, d, p + stride);
        }
    }
}

template <class T>
void rows_simd(T* x, std::size_t rows, std::size_t width) {
    const hn::ScalableTag<T> d;
    if (width % hn::Lanes(d) != 0) {
        plain_rows(x, rows, width);
        return;
    }
    std::size_t step = 1;
    for (; 8 * step <= rows; step *= 8) few_stages<3>(d, x, rows, width, step);
    if (4 * step <= rows) {
        few_stages<2>(d, x, rows, width, step);
    } else if (2 * step <= rows) {
        few_stages<1>(d, x, rows, width, step);
    }
}

// Two vectors at a time first: a stage that takes even and odd neighbours apart moves every index
// bit down by one and the lowest, now done, to the top; after as many stages as bits all are done
// and back in place.
template <class T>
void line_simd(T* x, std::size_t size) {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t k = 0; k < size; k += 2 * lanes) {
        auto a = hn::LoadU(d, x + k);
        auto b = hn::LoadU(d, x + k + lanes);
        for (std::size_t span = 1; span <= lanes; span *= 2) {
            const auto even = hn::ConcatEven(d, b, a);
            const auto odd = hn::ConcatOdd(d, b, a);
            a = hn::Add(even, odd);
            b = hn::Sub(even, odd);
        }
        hn::StoreU(a, d, x + k);
        hn::StoreU(b, d, x + k + lanes);
    }
    rows_simd(x, size / (2 * lanes), 2 * lanes);
}

template <class In, class Out>
void turn_simd(const Diagonal& diagonal, std::size_t first, std::size_t count, const In* re,
               const In* im, Out* out_re, Out* out_im) {
    const hn::CappedTag<Out, 16> d;
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<In, decltype(d)> d_in;
    using Unsigned = hn::TFromD<decltype(du)>;
    const std::size_t lanes = hn::Lanes(d);
    const auto load = [&](const In* from) {
        if constexpr (sizeof(In) == sizeof(Out)) {
            return hn::LoadU(d, from);
        } else {
            return hn::PromoteTo(d, hn::LoadU(d_in, from));
        }
    };
    const auto zero = hn::Zero(d);
    const auto two_bits = hn::Add(hn::Iota(du, 0), hn::Iota(du, 0));
    for (std::size_t k = 0; k < count; k += 16) {
        const std::uint32_t word = diagonal.word(first + k);
        for (std::size_t l = 0; l < 16; l += lanes) {
            const auto exponent =
                hn::Shr(hn::Set(du, static_cast<Unsigned>(word >> 2 * l)), two_bits);
            const auto odd = hn::TestBit(exponent, hn::Set(du, 1));
            const auto negate_im = hn::TestBit(exponent, hn::Set(du, 2));
            // 1 and 2 negate what becomes the real part.
            const auto negate_re = hn::TestBit(hn::Add(exponent, hn::Set(du, 1)), hn::Set(du, 2));
            const auto mask = [&](auto m) { return hn::RebindMask(d, m); };
            const auto in_re = load(re + k + l);
            auto in_im = zero;
            if (im != nullptr) in_im = load(im + k + l);
            const auto r = hn::IfThenElse(mask(odd), in_im, in_re);
            const auto i = hn::IfThenElse(mask(odd), in_re, in_im);
            hn::StoreU(hn::IfThenElse(mask(negate_re), hn::Sub(zero, r), r), d, out_re + k + l);
            hn::StoreU(hn::IfThenElse(mask(negate_im), hn::Sub(zero, i), i), d, out_im + k + l);
        }
    }
}

#endif

void rows_32(std::int32_t* x, std::size_t rows, std::size_t width) {
    rows_simd(x, rows, width);
}
void rows_64(std::int64_t* x, std::size_t rows, std::size_t width) {
    rows_simd(x, rows, width);
}
void line_32(std::int32_t* x, std::size_t size) {
    line_simd(x, size);
}
void line_64(std::int64_t* x, std::size_t size) {
    line_simd(x, size);
}
void turn_64(const Diagonal& diagonal, std::size_t first, std::size_t count, const std::int64_t* re,
             const std::int64_t* im, std::int64_t* out_re, std::int64_t* out_im) {
    turn_simd(diagonal, first, count, re, im, out_re, out_im);
}
void turn_32_to_64(const Diagonal& diagonal, std::size_t first, std::size_t count,
                   const std::int32_t* re, const std::int32_t* im, std::int64_t* out_re,
                   std::int64_t* out_im) {
    turn_simd(diagonal, first, count, re, im, out_re, out_im);
}
void turn_real_32(const Diagonal& diagonal, std::size_t first, std::size_t count,
                  const std::int32_t* re, std::int32_t* out_re, std::int32_t* out_im) {
    const std::int32_t* const no_im = nullptr;
    turn_simd(diagonal, first, count, re, no_im, out_re, out_im);
}

std::int64_t largest_32(const std::int32_t* x, std::size_t count) {
    const hn::ScalableTag<std::int32_t> d;
    const std::size_t lanes = hn::Lanes(d);
    auto high = hn::Zero(d);
    auto low = hn::Zero(d);
    std::size_t k = 0;
    for (; k + lanes <= count; k += lanes) {
        const auto v = hn::LoadU(d, x + k);
        high = hn::Max(high, v);
        low = hn::Min(low, v);
    }
    std::int64_t most = hn::GetLane(hn::MaxOfLanes(d, high));
    most = std::max(most, -std::int64_t{hn::GetLane(hn::MinOfLanes(d, low))});
    for (; k < count; ++k) most = std::max(most, x[k] < 0 ? -std::int64_t{x[k]} : x[k]);
    return most;
}

void add_interleaved_64(const std::int64_t* re, const std::int64_t* im, std::size_t count,
                        std::int64_t* field) {
    std::size_t k = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::CappedTag<std::int64_t, 2> d;
    for (; k + 2 <= count; k += 2) {
        const auto r = hn::LoadU(d, re + k);
        const auto i = hn::LoadU(d, im + k);
        std::int64_t* const to = field + 2 * k;
        hn::StoreU(hn::Add(hn::LoadU(d, to), hn::InterleaveLower(d, r, i)), d, to);
        hn::StoreU(hn::Add(hn::LoadU(d, to + 2), hn::InterleaveUpper(d, r, i)), d, to + 2);
    }
#endif
    for (; k < count; ++k) {
        field[2 * k] += re[k];
        field[2 * k + 1] += im[k];
    }
}

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(rows_32);
HWY_EXPORT(rows_64);
HWY_EXPORT(line_32);
HWY_EXPORT(line_64);
HWY_EXPORT(turn_64);
HWY_EXPORT(turn_32_to_64);
HWY_EXPORT(turn_real_32);
HWY_EXPORT(largest_32);
HWY_EXPORT(add_interleaved_64);

void transform_rows_plain(std::int32_t* x, std::size_t rows, std::size_t width) {
    plain_rows(x, rows, width);
}
void transform_rows_plain(std::int64_t* x, std::size_t rows, std::size_t width) {
    plain_rows(x, rows, width);
}
void transform_rows(std::int32_t* x, std::size_t rows, std::size_t width) {
    HWY_DYNAMIC_DISPATCH(rows_32)(x, rows, width);
}
void transform_rows(std::int64_t* x, std::size_t rows, std::size_t width) {
    HWY_DYNAMIC_DISPATCH(rows_64)(x, rows, width);
}
void transform_line(std::int32_t* x, std::size_t size) {
    HWY_DYNAMIC_DISPATCH(line_32)(x, size);
}
void transform_line(std::int64_t* x, std::size_t size) {
    HWY_DYNAMIC_DISPATCH(line_64)(x, size);
}

void turn_plain(const Diagonal& diagonal, std::size_t first, std::size_t count,
                const std::int64_t* re, const std::int64_t* im, std::int64_t* out_re,
                std::int64_t* out_im) {
    plain_turn(diagonal, first, count, re, im, out_re, out_im);
}
void turn(const Diagonal& diagonal, std::size_t first, std::size_t count, const std::int64_t* re,
          const std::int64_t* im, std::int64_t* out_re, std::int64_t* out_im) {
    HWY_DYNAMIC_DISPATCH(turn_64)(diagonal, first, count, re, im, out_re, out_im);
}
void widen_and_turn(const Diagonal& diagonal, std::size_t first, std::size_t count,
                    const std::int32_t* re, const std::int32_t* im, std::int64_t* out_re,
                    std::int64_t* out_im) {
    HWY_DYNAMIC_DISPATCH(turn_32_to_64)(diagonal, first, count, re, im, out_re, out_im);
}
void turn_real(const Diagonal& diagonal, std::size_t first, std::size_t count,
               const std::int32_t* re, std::int32_t* out_re, std::int32_t* out_im) {
    HWY_DYNAMIC_DISPATCH(turn_real_32)(diagonal, first, count, re, out_re, out_im);
}

std::int64_t largest(const std::int32_t* x, std::size_t count) {
    return HWY_DYNAMIC_DISPATCH(largest_32)(x, count);
}

void add_interleaved(const std::int64_t* re, const std::int64_t* im, std::size_t count,
                     std::int64_t* field) {
    HWY_DYNAMIC_DISPATCH(add_interleaved_64)(re, im, count, field);
}

}  // namespace opal::sim
#endif
