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

#if HWY_TARGET == HWY_SCALAR

// One lane: nothing to gain over the plain form.
void add_intensity_simd(const FieldStrip& strip, const Light& light, std::span<float> photo_e) {
    add_intensity_plain(strip, light, photo_e);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

void add_intensity_simd(const FieldStrip& strip, const Light& light, std::span<float> photo_e) {
    const hn::ScalableTag<float> df;
    const hn::RebindToSigned<decltype(df)> d32;
    const std::size_t lanes = hn::Lanes(df);
    const auto weight = hn::Set(df, light.e_per_intensity);
    const auto washed_out = hn::Set(df, light.washed_out);
    // One complex value a lane, re in its lower half.
    const auto* signal = reinterpret_cast<const std::int32_t*>(strip.signal.data());
    std::size_t x = 0;
    for (; x + lanes <= photo_e.size(); x += lanes) {
        const auto both = hn::LoadU(d32, signal + x);
        const auto s_re = hn::ConvertTo(df, hn::ShiftRight<16>(hn::ShiftLeft<16>(both)));
        const auto s_im = hn::ConvertTo(df, hn::ShiftRight<16>(both));
        const auto r_re = hn::LoadU(df, &strip.reference_re[x]);
        const auto r_im = hn::LoadU(df, &strip.reference_im[x]);
        const auto re = hn::Add(s_re, r_re);
        const auto im = hn::Add(s_im, r_im);
        const auto overlap = hn::Add(hn::Mul(s_re, r_re), hn::Mul(s_im, r_im));
        const auto intensity =
            hn::Sub(hn::Add(hn::Mul(re, re), hn::Mul(im, im)), hn::Mul(washed_out, overlap));
        hn::StoreU(
            hn::Add(hn::LoadU(df, &photo_e[x]), hn::Mul(weight, hn::Max(intensity, hn::Zero(df)))),
            df, &photo_e[x]);
    }
    add_intensity_plain(
        {strip.signal.subspan(2 * x), strip.reference_re.subspan(x), strip.reference_im.subspan(x)},
        light, photo_e.subspan(x));
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(add_intensity_simd);

void add_intensity(const FieldStrip& strip, const Light& light, std::span<float> photo_e) {
    assert(strip.signal.size() == 2 * photo_e.size() &&
           strip.reference_im.size() == photo_e.size());
    HWY_DYNAMIC_DISPATCH(add_intensity_simd)(strip, light, photo_e);
}

void add_intensity_plain(const FieldStrip& strip, const Light& light, std::span<float> photo_e) {
    for (std::size_t x = 0; x < photo_e.size(); ++x) {
        const auto s_re = static_cast<float>(strip.signal[2 * x]);
        const auto s_im = static_cast<float>(strip.signal[2 * x + 1]);
        const float re = s_re + strip.reference_re[x];
        const float im = s_im + strip.reference_im[x];
        const float overlap = s_re * strip.reference_re[x] + s_im * strip.reference_im[x];
        const float intensity = re * re + im * im - light.washed_out * overlap;
        photo_e[x] += light.e_per_intensity * std::max(intensity, 0.0f);
    }
}

}  // namespace opal::sim
#endif
