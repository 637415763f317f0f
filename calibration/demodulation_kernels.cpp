// DemodulationKernels: plain forms, then one Highway form for every instruction set. See
// demodulation_kernels.h.
#include "calibration/demodulation_kernels.h"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "calibration/demodulation_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::calibration::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class Count>
void weigh_simd(const CountRow<Count>& row, std::span<float> out) {
    const hn::ScalableTag<float> df;
    const hn::RebindToSigned<decltype(df)> d32;
    const hn::Rebind<Count, decltype(df)> dc;
    const std::size_t lanes = hn::Lanes(df);
    std::size_t x = 0;
    for (; x + lanes <= out.size(); x += lanes) {
        const auto counts = hn::ConvertTo(df, hn::PromoteTo(d32, hn::LoadU(dc, row.counts + x)));
        const auto above = hn::Sub(counts, hn::LoadU(df, row.offset + x));
        hn::StoreU(hn::Mul(above, hn::LoadU(df, row.weight + x)), df, &out[x]);
    }
    weigh_counts_plain({row.counts + x, row.offset + x, row.weight + x}, out.subspan(x));
}

void weigh_u8_simd(const CountRow<std::uint8_t>& row, std::span<float> out) {
    weigh_simd(row, out);
}
void weigh_u16_simd(const CountRow<std::uint16_t>& row, std::span<float> out) {
    weigh_simd(row, out);
}

// `vectors` neighbouring vectors of columns: enough sums under way to hide the adder's latency.
template <std::size_t vectors>
HWY_INLINE void filter_down_at(const ComplexTaps& taps, const float* rows, std::size_t columns,
                               float* real, float* imaginary) {
    const hn::ScalableTag<float> df;
    const std::size_t lanes = hn::Lanes(df);
    constexpr bool one = vectors == 1;
    auto re0 = hn::Zero(df);
    auto re1 = re0;
    auto im0 = re0;
    auto im1 = re0;
    auto re2 = re0;
    auto re3 = re0;
    auto im2 = re0;
    auto im3 = re0;
    for (int k = 0; k < taps.count; ++k) {
        const float* const p = rows + static_cast<std::size_t>(k) * columns;
        const auto a = hn::Set(df, taps.real[k]);
        const auto b = hn::Set(df, taps.imaginary[k]);
        const auto p0 = hn::LoadU(df, p);
        re0 = hn::Add(re0, hn::Mul(a, p0));
        im0 = hn::Add(im0, hn::Mul(b, p0));
        if constexpr (!one) {
            const auto p1 = hn::LoadU(df, p + lanes);
            const auto p2 = hn::LoadU(df, p + 2 * lanes);
            const auto p3 = hn::LoadU(df, p + 3 * lanes);
            re1 = hn::Add(re1, hn::Mul(a, p1));
            im1 = hn::Add(im1, hn::Mul(b, p1));
            re2 = hn::Add(re2, hn::Mul(a, p2));
            im2 = hn::Add(im2, hn::Mul(b, p2));
            re3 = hn::Add(re3, hn::Mul(a, p3));
            im3 = hn::Add(im3, hn::Mul(b, p3));
        }
    }
    hn::StoreU(re0, df, real);
    hn::StoreU(im0, df, imaginary);
    if constexpr (!one) {
        hn::StoreU(re1, df, real + lanes);
        hn::StoreU(im1, df, imaginary + lanes);
        hn::StoreU(re2, df, real + 2 * lanes);
        hn::StoreU(im2, df, imaginary + 2 * lanes);
        hn::StoreU(re3, df, real + 3 * lanes);
        hn::StoreU(im3, df, imaginary + 3 * lanes);
    }
}

void filter_down_simd(const ComplexTaps& taps, const float* rows, std::size_t columns, float* real,
                      float* imaginary) {
    const std::size_t lanes = hn::Lanes(hn::ScalableTag<float>());
    if (columns < lanes) {
        filter_down_plain(taps, rows, columns, real, imaginary);
        return;
    }
    std::size_t c = 0;
    for (; c + 4 * lanes <= columns; c += 4 * lanes)
        filter_down_at<4>(taps, rows + c, columns, real + c, imaginary + c);
    for (; c < columns; c += lanes) {
        const std::size_t at = std::min(c, columns - lanes);  // the last vector overlaps
        filter_down_at<1>(taps, rows + at, columns, real + at, imaginary + at);
    }
}

#if HWY_TARGET == HWY_SCALAR

void transpose_band_simd(const float* in, std::size_t columns, float* out) {
    transpose_band_plain(in, columns, out);
}

#else

void transpose_band_simd(const float* in, std::size_t columns, float* out) {
    const hn::FixedTag<float, 4> d4;
    const hn::Repartition<std::uint64_t, decltype(d4)> d2;
    std::size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
        for (std::size_t i = 0; i < band_rows; i += 4) {
            const float* const from = in + i * columns + c;
            const auto r0 = hn::LoadU(d4, from);
            const auto r1 = hn::LoadU(d4, from + columns);
            const auto r2 = hn::LoadU(d4, from + 2 * columns);
            const auto r3 = hn::LoadU(d4, from + 3 * columns);
            const auto low01 = hn::BitCast(d2, hn::InterleaveLower(d4, r0, r1));
            const auto low23 = hn::BitCast(d2, hn::InterleaveLower(d4, r2, r3));
            const auto high01 = hn::BitCast(d2, hn::InterleaveUpper(d4, r0, r1));
            const auto high23 = hn::BitCast(d2, hn::InterleaveUpper(d4, r2, r3));
            float* const to = out + c * band_rows + i;
            hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, low01, low23)), d4, to);
            hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, low01, low23)), d4, to + band_rows);
            hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, high01, high23)), d4,
                       to + 2 * band_rows);
            hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, high01, high23)), d4,
                       to + 3 * band_rows);
        }
    }
    for (; c < columns; ++c)
        for (std::size_t i = 0; i < band_rows; ++i) out[c * band_rows + i] = in[i * columns + c];
}

#endif

void filter_across_simd(const ComplexTaps& taps, const float* real_in, const float* imaginary_in,
                        float* real, float* imaginary) {
    const hn::CappedTag<float, band_rows / 2> df;
    const std::size_t lanes = hn::Lanes(df);
    for (std::size_t i = 0; i < band_rows; i += 2 * lanes) {
        auto re0 = hn::Zero(df);
        auto re1 = re0;
        auto im0 = re0;
        auto im1 = re0;
        for (int k = 0; k < taps.count; ++k) {
            const std::size_t at = static_cast<std::size_t>(k) * band_rows + i;
            const auto a = hn::Set(df, taps.real[k]);
            const auto b = hn::Set(df, taps.imaginary[k]);
            const auto zr0 = hn::LoadU(df, real_in + at);
            const auto zi0 = hn::LoadU(df, imaginary_in + at);
            const auto zr1 = hn::LoadU(df, real_in + at + lanes);
            const auto zi1 = hn::LoadU(df, imaginary_in + at + lanes);
            re0 = hn::Add(re0, hn::Sub(hn::Mul(a, zr0), hn::Mul(b, zi0)));
            im0 = hn::Add(im0, hn::Add(hn::Mul(a, zi0), hn::Mul(b, zr0)));
            re1 = hn::Add(re1, hn::Sub(hn::Mul(a, zr1), hn::Mul(b, zi1)));
            im1 = hn::Add(im1, hn::Add(hn::Mul(a, zi1), hn::Mul(b, zr1)));
        }
        hn::StoreU(re0, df, real + i);
        hn::StoreU(im0, df, imaginary + i);
        hn::StoreU(re1, df, real + i + lanes);
        hn::StoreU(im1, df, imaginary + i + lanes);
    }
}

}  // namespace opal::calibration::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::calibration {

namespace {

template <class Count>
void weigh_plain(const CountRow<Count>& row, std::span<float> out) {
    for (std::size_t r = 0; r < out.size(); ++r)
        out[r] = (static_cast<float>(row.counts[r]) - row.offset[r]) * row.weight[r];
}

}  // namespace

HWY_EXPORT(weigh_u8_simd);
HWY_EXPORT(weigh_u16_simd);
HWY_EXPORT(filter_down_simd);
HWY_EXPORT(transpose_band_simd);
HWY_EXPORT(filter_across_simd);

void weigh_counts(const CountRow<std::uint8_t>& row, std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(weigh_u8_simd)(row, out);
}
void weigh_counts(const CountRow<std::uint16_t>& row, std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(weigh_u16_simd)(row, out);
}
void weigh_counts_plain(const CountRow<std::uint8_t>& row, std::span<float> out) {
    weigh_plain(row, out);
}
void weigh_counts_plain(const CountRow<std::uint16_t>& row, std::span<float> out) {
    weigh_plain(row, out);
}

void filter_down(const ComplexTaps& taps, const float* rows, std::size_t columns, float* real,
                 float* imaginary) {
    HWY_DYNAMIC_DISPATCH(filter_down_simd)(taps, rows, columns, real, imaginary);
}

void filter_down_plain(const ComplexTaps& taps, const float* rows, std::size_t columns, float* real,
                       float* imaginary) {
    for (std::size_t c = 0; c < columns; ++c) {
        float re = 0;
        float im = 0;
        for (int k = 0; k < taps.count; ++k) {
            const float p = rows[static_cast<std::size_t>(k) * columns + c];
            re += taps.real[k] * p;
            im += taps.imaginary[k] * p;
        }
        real[c] = re;
        imaginary[c] = im;
    }
}

void transpose_band(const float* in, std::size_t columns, float* out) {
    HWY_DYNAMIC_DISPATCH(transpose_band_simd)(in, columns, out);
}

void transpose_band_plain(const float* in, std::size_t columns, float* out) {
    for (std::size_t c = 0; c < columns; ++c)
        for (std::size_t i = 0; i < band_rows; ++i) out[c * band_rows + i] = in[i * columns + c];
}

void filter_across(const ComplexTaps& taps, const float* real_in, const float* imaginary_in,
                   float* real, float* imaginary) {
    HWY_DYNAMIC_DISPATCH(filter_across_simd)(taps, real_in, imaginary_in, real, imaginary);
}

void filter_across_plain(const ComplexTaps& taps, const float* real_in, const float* imaginary_in,
                         float* real, float* imaginary) {
    for (std::size_t i = 0; i < band_rows; ++i) {
        float re = 0;
        float im = 0;
        for (int k = 0; k < taps.count; ++k) {
            const std::size_t at = static_cast<std::size_t>(k) * band_rows + i;
            re += taps.real[k] * real_in[at] - taps.imaginary[k] * imaginary_in[at];
            im += taps.real[k] * imaginary_in[at] + taps.imaginary[k] * real_in[at];
        }
        real[i] = re;
        imaginary[i] = im;
    }
}

}  // namespace opal::calibration
#endif
