// Interference: plain form, then one Highway form for every instruction set. See interference.h.
#include "sim/physics/interference.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/interference.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void add_intensity_simd(const FieldRow& row, const Light& light, std::span<float> photo_e) {
    const hn::ScalableTag<float> df;
    const hn::RebindToSigned<decltype(df)> d32;
    const hn::Rebind<std::int16_t, decltype(df)> d16;
    const std::size_t lanes = hn::Lanes(df);
    const auto weight = hn::Set(df, light.e_per_intensity);
    const auto washed_out = hn::Set(df, light.washed_out);
    std::size_t x = 0;
    for (; x + lanes <= photo_e.size(); x += lanes) {
        const auto signal = [&](std::span<const std::int16_t> part) {
            return hn::ConvertTo(df, hn::PromoteTo(d32, hn::LoadU(d16, &part[x])));
        };
        const auto s_re = signal(row.signal_re);
        const auto s_im = signal(row.signal_im);
        const auto r_re = hn::LoadU(df, &row.reference_re[x]);
        const auto r_im = hn::LoadU(df, &row.reference_im[x]);
        const auto re = hn::Add(s_re, r_re);
        const auto im = hn::Add(s_im, r_im);
        const auto overlap = hn::Add(hn::Mul(s_re, r_re), hn::Mul(s_im, r_im));
        const auto intensity =
            hn::Sub(hn::Add(hn::Mul(re, re), hn::Mul(im, im)), hn::Mul(washed_out, overlap));
        hn::StoreU(
            hn::Add(hn::LoadU(df, &photo_e[x]), hn::Mul(weight, hn::Max(intensity, hn::Zero(df)))),
            df, &photo_e[x]);
    }
    add_intensity_plain({row.signal_re.subspan(x), row.signal_im.subspan(x),
                         row.reference_re.subspan(x), row.reference_im.subspan(x)},
                        light, photo_e.subspan(x));
}

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(add_intensity_simd);

void add_intensity(const FieldRow& row, const Light& light, std::span<float> photo_e) {
    assert(row.signal_re.size() == photo_e.size() && row.reference_im.size() == photo_e.size());
    HWY_DYNAMIC_DISPATCH(add_intensity_simd)(row, light, photo_e);
}

void add_intensity_plain(const FieldRow& row, const Light& light, std::span<float> photo_e) {
    for (std::size_t x = 0; x < photo_e.size(); ++x) {
        const auto s_re = static_cast<float>(row.signal_re[x]);
        const auto s_im = static_cast<float>(row.signal_im[x]);
        const float re = s_re + row.reference_re[x];
        const float im = s_im + row.reference_im[x];
        const float overlap = s_re * row.reference_re[x] + s_im * row.reference_im[x];
        const float intensity = re * re + im * im - light.washed_out * overlap;
        photo_e[x] += light.e_per_intensity * std::max(intensity, 0.0f);
    }
}

}  // namespace opal::sim
#endif
