// FieldKernels: plain forms, and one Highway form for every instruction set. See field_kernels.h.
#include "sim/physics/field_kernels.h"

#include "sim/physics/portable_math.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/field_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#ifndef OPAL_SIM_PHYSICS_FIELD_KERNELS_ONCE
#define OPAL_SIM_PHYSICS_FIELD_KERNELS_ONCE
namespace opal::sim {

// The plain form from value `first` on.
inline void turn_rest(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                      const FieldTurn& turn, std::span<std::int16_t> into, std::size_t first) {
    turn_fields_plain(near.subspan(first), far.subspan(first), turn, into.subspan(first));
}

}  // namespace opal::sim
#endif

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane: nothing to gain over the plain forms.
void sum_fields_simd(std::span<const std::int64_t> base, std::span<const std::int32_t* const> parts,
                     std::span<std::int64_t> into) {
    sum_fields_plain(base, parts, into);
}

void turn_fields_simd(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                      const FieldTurn& turn, std::span<std::int16_t> into) {
    turn_rest(near, far, turn, into, 0);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

void sum_fields_simd(std::span<const std::int64_t> base, std::span<const std::int32_t* const> parts,
                     std::span<std::int64_t> into) {
    const hn::ScalableTag<std::int32_t> d32;
    const hn::Half<decltype(d32)> half;
    const hn::RepartitionToWide<decltype(d32)> d64;
    const std::size_t lanes = hn::Lanes(d32);
    std::size_t k = 0;
    // Four vectors at a time, so that the list of parts is walked seldom.
    for (; k + 4 * lanes <= into.size(); k += 4 * lanes) {
        hn::Vec<decltype(d32)> sums[4] = {hn::Zero(d32), hn::Zero(d32), hn::Zero(d32),
                                          hn::Zero(d32)};
        for (const std::int32_t* part : parts) {
            for (std::size_t v = 0; v < 4; ++v) {
                sums[v] = hn::Add(sums[v], hn::LoadU(d32, part + k + v * lanes));
            }
        }
        for (std::size_t v = 0; v < 4; ++v) {
            const std::size_t at = k + v * lanes;
            const auto add = [&](std::size_t first, auto sum) {
                const auto whole = hn::PromoteTo(d64, sum);
                hn::StoreU(hn::Add(hn::LoadU(d64, &base[first]), whole), d64, &into[first]);
            };
            add(at, hn::LowerHalf(half, sums[v]));
            add(at + lanes / 2, hn::UpperHalf(half, sums[v]));
        }
    }
    for (; k < into.size(); ++k) {
        std::int32_t sum = 0;
        for (const std::int32_t* part : parts) sum += part[k];
        into[k] = base[k] + sum;
    }
}

void turn_fields_simd(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                      const FieldTurn& turn, std::span<std::int16_t> into) {
    const hn::ScalableTag<double> df;
    const hn::RebindToSigned<decltype(df)> d64;
    const hn::Rebind<std::int32_t, decltype(df)> d32;
    const hn::Rebind<std::int16_t, decltype(df)> d16;
    const std::size_t lanes = hn::Lanes(df);
    const auto near_units = hn::Set(df, turn.near_units);
    const auto far_units = hn::Set(df, turn.far_units);
    const auto cosine = hn::Set(df, turn.cosine);
    // re: re cos + im (-sin), which is re cos - im sin to the last bit; im: im cos + re sin.
    const auto sine = hn::OddEven(hn::Set(df, turn.sine), hn::Set(df, -turn.sine));
    std::size_t k = 0;
    for (; k + lanes <= into.size(); k += lanes) {
        const auto z = hn::Add(hn::Mul(hn::ConvertTo(df, hn::LoadU(d64, &near[k])), near_units),
                               hn::Mul(hn::ConvertTo(df, hn::LoadU(d64, &far[k])), far_units));
        const auto turned = hn::Add(hn::Mul(z, cosine), hn::Mul(hn::Shuffle01(z), sine));
        const auto inside = hn::Min(hn::Max(turned, hn::Set(df, -32768.0)), hn::Set(df, 32767.0));
        const auto rounded = hn::Add(inside, hn::CopySign(hn::Set(df, 0.5), inside));
        hn::StoreU(hn::DemoteTo(d16, hn::DemoteTo(d32, rounded)), d16, &into[k]);
    }
    turn_rest(near, far, turn, into, k);
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(sum_fields_simd);
HWY_EXPORT(turn_fields_simd);

void sum_fields(std::span<const std::int64_t> base, std::span<const std::int32_t* const> parts,
                std::span<std::int64_t> into) {
    assert(base.size() == into.size());
    HWY_DYNAMIC_DISPATCH(sum_fields_simd)(base, parts, into);
}

void sum_fields_plain(std::span<const std::int64_t> base,
                      std::span<const std::int32_t* const> parts, std::span<std::int64_t> into) {
    for (std::size_t k = 0; k < into.size(); ++k) {
        into[k] = base[k];
        for (const std::int32_t* part : parts) into[k] += part[k];
    }
}

void turn_fields(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                 const FieldTurn& turn, std::span<std::int16_t> into) {
    assert(near.size() == into.size() && far.size() == into.size() && into.size() % 2 == 0);
    HWY_DYNAMIC_DISPATCH(turn_fields_simd)(near, far, turn, into);
}

void turn_fields_plain(std::span<const std::int64_t> near, std::span<const std::int64_t> far,
                       const FieldTurn& turn, std::span<std::int16_t> into) {
    const auto saturated = [](double x) {
        const double inside = std::min(std::max(x, -32768.0), 32767.0);
        return static_cast<std::int16_t>(round_to_integer(inside));
    };
    for (std::size_t k = 0; k < into.size(); k += 2) {
        const double re = static_cast<double>(near[k]) * turn.near_units +
                          static_cast<double>(far[k]) * turn.far_units;
        const double im = static_cast<double>(near[k + 1]) * turn.near_units +
                          static_cast<double>(far[k + 1]) * turn.far_units;
        into[k] = saturated(re * turn.cosine - im * turn.sine);
        into[k + 1] = saturated(re * turn.sine + im * turn.cosine);
    }
}

}  // namespace opal::sim
#endif
