// SensorKernels: plain forms, then one Highway form for every instruction set. See
// sensor_kernels.h.
#include "sim/physics/sensor_kernels.h"

#include "sim/physics/gaussian.h"
#include "sim/physics/portable_math.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/sensor_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "sim/physics/philox_simd.h"

#ifndef OPAL_SIM_PHYSICS_SENSOR_KERNELS_ONCE
#define OPAL_SIM_PHYSICS_SENSOR_KERNELS_ONCE
namespace opal::sim {

constexpr auto excess_of_skew = static_cast<float>((kurtosis_of_two - 1) / 36);
constexpr auto unit_shot = static_cast<float>(unit_of_two);

inline PixelStrip after(const PixelStrip& strip, std::size_t x) {
    return {strip.photo_e.subspan(x),  strip.response.subspan(x), strip.dark_e_per_us.subspan(x),
            strip.offset_e.subspan(x), strip.noise.subspan(x),    strip.integration_us};
}

}  // namespace opal::sim
#endif

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane: nothing to gain over the plain forms.
void draw_words_simd(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits) {
    draw_words_plain(first, key, count, bits);
}

void collect_simd(const PixelStrip& strip, const Collection& how, std::span<float> electrons) {
    collect_plain(strip, how, electrons);
}

template <class Count>
void digitise_simd(std::span<const float> electrons, const Readout& readout,
                   std::span<Count> counts) {
    digitise_plain(electrons, readout, counts);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

void draw_words_simd(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits) {
    const hn::ScalableTag<std::uint32_t> d32;
    const std::size_t lanes = hn::Lanes(d32);
    for (std::size_t n = 0; n < count && count >= lanes; n += lanes) {
        const std::size_t x = std::min(n, count - lanes);  // the last vector overlaps
        const auto words = philox_lanes(
            d32, {first[0] + static_cast<std::uint32_t>(x), first[1], first[2], first[3]}, key);
        hn::StoreU(words.w0, d32, bits + x);
        hn::StoreU(words.w1, d32, bits + count + x);
        hn::StoreU(words.w2, d32, bits + 2 * count + x);
        hn::StoreU(words.w3, d32, bits + 3 * count + x);
    }
    if (count < lanes) draw_words_plain(first, key, count, bits);
}

void collect_simd(const PixelStrip& strip, const Collection& how, std::span<float> electrons) {
    const hn::ScalableTag<float> df;
    const hn::RebindToUnsigned<decltype(df)> du32;
    const hn::RebindToSigned<decltype(df)> di32;
    const hn::Repartition<std::uint8_t, decltype(df)> du8;
    const hn::Repartition<std::int16_t, decltype(df)> di16;
    const std::size_t lanes = hn::Lanes(df);
    const auto time = hn::Set(df, strip.integration_us);
    const auto full_well = hn::Set(df, how.full_well_e);
    const auto read_unit = hn::Set(df, how.read_noise_e * unit_shot);
    const auto zero = hn::Zero(df);
    std::size_t x = 0;
    for (; x + lanes <= electrons.size(); x += lanes) {
        const auto mean =
            hn::Add(hn::Mul(hn::LoadU(df, &strip.photo_e[x]), hn::LoadU(df, &strip.response[x])),
                    hn::Mul(hn::LoadU(df, &strip.dark_e_per_us[x]), time));
        // Four signed table entries per pixel -> sums of two, shot noise below, read noise above.
        const auto bits = hn::LoadU(du32, &strip.noise[x]);
        const auto entries = hn::BitCast(di16, gaussian_lanes(du8, hn::BitCast(du8, bits)));
        const auto pairs = hn::BitCast(di32, hn::Add(hn::ShiftRight<8>(hn::ShiftLeft<8>(entries)),
                                                     hn::ShiftRight<8>(entries)));
        const auto shot_sum = hn::ShiftRight<16>(hn::ShiftLeft<16>(pairs));
        const auto read = hn::Mul(hn::ConvertTo(df, hn::ShiftRight<16>(pairs)), read_unit);
        auto collected = mean;
        if (how.shot_noise) {
            const auto z = hn::Mul(hn::ConvertTo(df, shot_sum), hn::Set(df, unit_shot));
            const auto width = hn::Sqrt(hn::Max(hn::Sub(mean, hn::Set(df, excess_of_skew)), zero));
            const auto skew =
                hn::Mul(hn::Sub(hn::Mul(z, z), hn::Set(df, 1.0f)), hn::Set(df, 1.0f / 6));
            collected = hn::Add(hn::Add(mean, hn::Mul(width, z)), skew);
            const auto few = hn::Lt(mean, hn::Set(df, least_normal_mean_e));
            // No electron if (u + 1/2) / 2^16 <= 1 - mean (poisson_by_inversion): exact in float,
            // since u has 16 bits. In the dark nearly every pixel ends here.
            const auto uniform =
                hn::ConvertTo(df, hn::BitCast(di32, hn::And(bits, hn::Set(du32, 0xFFFFu))));
            const auto none = hn::And(few, hn::Le(hn::Mul(mean, hn::Set(df, 65536.0f)),
                                                  hn::Sub(hn::Set(df, 65535.5f), uniform)));
            collected = hn::IfThenZeroElse(none, collected);
            if (!hn::AllFalse(df, hn::AndNot(none, few))) {
                HWY_ALIGN float means[hn::MaxLanes(df)];
                HWY_ALIGN float drawn[hn::MaxLanes(df)];
                hn::Store(mean, df, means);
                hn::Store(collected, df, drawn);
                for (std::size_t l = 0; l < lanes; ++l) {
                    if (means[l] < least_normal_mean_e) {
                        drawn[l] = poisson_by_inversion(means[l], strip.noise[x + l] & 0xFFFFu);
                    }
                }
                collected = hn::Load(df, drawn);
            }
        }
        const auto clipped = hn::Min(collected, full_well);
        hn::StoreU(hn::Add(hn::Add(clipped, hn::LoadU(df, &strip.offset_e[x])), read), df,
                   &electrons[x]);
    }
    collect_plain(after(strip, x), how, electrons.subspan(x));
}

template <class Count>
void digitise_simd(std::span<const float> electrons, const Readout& readout,
                   std::span<Count> counts) {
    const hn::ScalableTag<float> df;
    const hn::RebindToSigned<decltype(df)> d32;
    const hn::Rebind<Count, decltype(df)> d_count;
    const std::size_t lanes = hn::Lanes(df);
    const auto gain = hn::Set(df, readout.dn_per_e);
    const auto black = hn::Set(df, readout.black_dn);
    const auto most = hn::Set(df, readout.max_dn);
    std::size_t x = 0;
    for (; x + lanes <= counts.size(); x += lanes) {
        const auto dn = hn::Add(hn::Mul(hn::LoadU(df, &electrons[x]), gain), black);
        const auto inside = hn::Min(hn::Max(dn, hn::Zero(df)), most);
        const auto whole = hn::ConvertTo(d32, hn::Add(inside, hn::Set(df, 0.5f)));
        hn::StoreU(hn::DemoteTo(d_count, whole), d_count, &counts[x]);
    }
    digitise_plain(electrons.subspan(x), readout, counts.subspan(x));
}

#endif

void digitise_u8(std::span<const float> electrons, const Readout& readout,
                 std::span<std::uint8_t> counts) {
    digitise_simd(electrons, readout, counts);
}

void digitise_u16(std::span<const float> electrons, const Readout& readout,
                  std::span<std::uint16_t> counts) {
    digitise_simd(electrons, readout, counts);
}

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(draw_words_simd);
HWY_EXPORT(collect_simd);
HWY_EXPORT(digitise_u8);
HWY_EXPORT(digitise_u16);

void draw_words(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits) {
    HWY_DYNAMIC_DISPATCH(draw_words_simd)(first, key, count, bits);
}

void collect(const PixelStrip& strip, const Collection& how, std::span<float> electrons) {
    assert(strip.photo_e.size() == electrons.size() && strip.noise.size() == electrons.size());
    HWY_DYNAMIC_DISPATCH(collect_simd)(strip, how, electrons);
}

void draw_words_plain(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits) {
    for (std::size_t x = 0; x < count; ++x) {
        const PhiloxWords words =
            philox({first[0] + static_cast<std::uint32_t>(x), first[1], first[2], first[3]}, key);
        for (std::size_t w = 0; w < 4; ++w) bits[w * count + x] = words[w];
    }
}

void collect_plain(const PixelStrip& strip, const Collection& how, std::span<float> electrons) {
    const float read_unit = how.read_noise_e * unit_shot;
    for (std::size_t x = 0; x < electrons.size(); ++x) {
        const float mean =
            strip.photo_e[x] * strip.response[x] + strip.dark_e_per_us[x] * strip.integration_us;
        const std::uint32_t bits = strip.noise[x];
        float collected = mean;
        if (how.shot_noise && mean < least_normal_mean_e) {
            collected = poisson_by_inversion(mean, bits & 0xFFFFu);
        } else if (how.shot_noise) {
            const float z = static_cast<float>(gaussian_sum_of_two(bits)) * unit_shot;
            collected = mean + std::sqrt(mean - excess_of_skew) * z + (z * z - 1) * (1.0f / 6);
        }
        const float read = static_cast<float>(gaussian_sum_of_two(bits >> 16)) * read_unit;
        electrons[x] = std::min(collected, how.full_well_e) + strip.offset_e[x] + read;
    }
}

template <class Count>
void digitise_plain(std::span<const float> electrons, const Readout& readout,
                    std::span<Count> counts) {
    for (std::size_t x = 0; x < counts.size(); ++x) {
        const float dn = electrons[x] * readout.dn_per_e + readout.black_dn;
        const float inside = std::min(std::max(dn, 0.0f), readout.max_dn);
        counts[x] = static_cast<Count>(static_cast<std::int32_t>(inside + 0.5f));
    }
}
template void digitise_plain(std::span<const float>, const Readout&, std::span<std::uint8_t>);
template void digitise_plain(std::span<const float>, const Readout&, std::span<std::uint16_t>);

template <>
void digitise(std::span<const float> electrons, const Readout& readout,
              std::span<std::uint8_t> counts) {
    assert(electrons.size() == counts.size());
    HWY_DYNAMIC_DISPATCH(digitise_u8)(electrons, readout, counts);
}

template <>
void digitise(std::span<const float> electrons, const Readout& readout,
              std::span<std::uint16_t> counts) {
    assert(electrons.size() == counts.size());
    HWY_DYNAMIC_DISPATCH(digitise_u16)(electrons, readout, counts);
}

float poisson_by_inversion(float mean, std::uint32_t uniform_q16) {
    const double uniform = (uniform_q16 + 0.5) / 65536;
    // exp(-m) >= 1 - m: in the dark nearly every pixel ends here.
    if (uniform <= 1 - static_cast<double>(mean)) return 0;
    double probability = exp_of_negative(-static_cast<double>(mean));
    double cumulated = probability;
    int electrons = 0;
    while (uniform > cumulated && electrons < 64) {
        ++electrons;
        probability *= static_cast<double>(mean) / electrons;
        cumulated += probability;
    }
    return static_cast<float>(electrons);
}

}  // namespace opal::sim
#endif
