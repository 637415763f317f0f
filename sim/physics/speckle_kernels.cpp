// SpeckleKernels: plain forms, and Highway forms for every instruction set. See speckle_kernels.h.
#include "sim/physics/speckle_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/speckle_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR

// Two taps at a time: rows interleaved, once for up to `most` outputs, multiplied and added in
// pairs. Interleaving and demoting both work within blocks of 128 bits on x86, so the order comes
// back right.
void weigh_rows_simd(const TapRows& rows, const Weighting& how, std::int16_t* out) {
    const hn::ScalableTag<std::int16_t> d16;
    const hn::RepartitionToWide<decltype(d16)> d32;
    const std::size_t lanes = hn::Lanes(d16);
    if (how.count < lanes) {
        weigh_rows_plain(rows, how, out);
        return;
    }
    constexpr std::size_t most = 4;
    constexpr std::size_t pairs = speckle_taps / 2;
    hn::Vec<decltype(d16)> weights[most][pairs];
    for (std::size_t first = 0; first < how.outputs; first += most) {
        const std::size_t outputs = std::min(most, how.outputs - first);
        for (std::size_t n = 0; n < outputs; ++n) {
            const std::int16_t* h = how.coefficients + (first + n) * speckle_taps;
            for (std::size_t t = 0; t < pairs; ++t) {
                const std::uint32_t low = static_cast<std::uint16_t>(h[2 * t]);
                const std::uint32_t high = static_cast<std::uint16_t>(h[2 * t + 1]);
                const auto pair = static_cast<std::int32_t>(low | high << 16);
                weights[n][t] = hn::BitCast(d16, hn::Set(d32, pair));
            }
        }
        for (std::size_t begin = 0; begin < how.count; begin += lanes) {
            const std::size_t x = std::min(begin, how.count - lanes);  // the last overlaps
            hn::Vec<decltype(d16)> lower_rows[pairs];
            hn::Vec<decltype(d16)> upper_rows[pairs];
            for (std::size_t t = 0; t < pairs; ++t) {
                const auto a = hn::LoadU(d16, rows[2 * t] + x);
                const auto b = hn::LoadU(d16, rows[2 * t + 1] + x);
                lower_rows[t] = hn::InterleaveLower(d16, a, b);
                upper_rows[t] = hn::InterleaveUpper(d16, a, b);
            }
            for (std::size_t n = 0; n < outputs; ++n) {
                auto lower = hn::Set(d32, 1 << 13);
                auto upper = lower;
                auto lower_odd = hn::Zero(d32);
                auto upper_odd = hn::Zero(d32);
                for (std::size_t t = 0; t < pairs; ++t) {
                    lower = hn::ReorderWidenMulAccumulate(d32, lower_rows[t], weights[n][t], lower,
                                                          lower_odd);
                    upper = hn::ReorderWidenMulAccumulate(d32, upper_rows[t], weights[n][t], upper,
                                                          upper_odd);
                }
                lower = hn::ShiftRight<14>(hn::RearrangeToOddPlusEven(lower, lower_odd));
                upper = hn::ShiftRight<14>(hn::RearrangeToOddPlusEven(upper, upper_odd));
                hn::StoreU(hn::ReorderDemote2To(d16, lower, upper), d16,  // saturates
                           out + (first + n) * how.stride + x);
            }
        }
    }
}

#else

void weigh_rows_simd(const TapRows& rows, const Weighting& how, std::int16_t* out) {
    const hn::ScalableTag<std::int32_t> d32;
    const hn::Rebind<std::int16_t, decltype(d32)> d16;
    const std::size_t lanes = hn::Lanes(d32);
    for (std::size_t n = 0; n < how.outputs; ++n) {
        const std::int16_t* h = how.coefficients + n * speckle_taps;
        std::size_t x = 0;
        for (; x + lanes <= how.count; x += lanes) {
            auto sum = hn::Set(d32, 1 << 13);
            for (std::size_t t = 0; t < speckle_taps; ++t) {
                const auto row = hn::PromoteTo(d32, hn::LoadU(d16, rows[t] + x));
                sum = hn::Add(sum, hn::Mul(row, hn::Set(d32, h[t])));
            }
            hn::StoreU(hn::DemoteTo(d16, hn::ShiftRight<14>(sum)), d16,  // saturates
                       out + n * how.stride + x);
        }
        TapRows rest{};
        for (std::size_t t = 0; t < speckle_taps; ++t) rest[t] = rows[t] + x;
        weigh_rows_plain(rest, {h, 1, how.count - x, 0}, out + n * how.stride + x);
    }
}

#endif

void interleave_simd(const std::int16_t* phases, std::size_t pitch, std::size_t count,
                     std::int16_t* out) {
    const hn::ScalableTag<std::uint32_t> d;
    const std::size_t lanes = hn::Lanes(d);
    if ((pitch != 2 && pitch != 4) || count < lanes) {
        interleave_plain(phases, pitch, count, out);
        return;
    }
    const auto* from = reinterpret_cast<const std::uint32_t*>(phases);
    auto* to = reinterpret_cast<std::uint32_t*>(out);
    for (std::size_t begin = 0; begin < count; begin += lanes) {
        const std::size_t p = std::min(begin, count - lanes);  // the last vector overlaps
        const auto phase = [&](std::size_t q) { return hn::LoadU(d, from + q * count + p); };
        if (pitch == 4) {
            hn::StoreInterleaved4(phase(0), phase(1), phase(2), phase(3), d, to + 4 * p);
        } else {
            hn::StoreInterleaved2(phase(0), phase(1), d, to + 2 * p);
        }
    }
}

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(weigh_rows_simd);
HWY_EXPORT(interleave_simd);

void weigh_rows(const TapRows& rows, const Weighting& how, std::int16_t* out) {
    HWY_DYNAMIC_DISPATCH(weigh_rows_simd)(rows, how, out);
}

void weigh_rows_plain(const TapRows& rows, const Weighting& how, std::int16_t* out) {
    for (std::size_t n = 0; n < how.outputs; ++n) {
        for (std::size_t x = 0; x < how.count; ++x) {
            std::int32_t sum = 1 << 13;
            for (std::size_t t = 0; t < speckle_taps; ++t) {
                sum += std::int32_t{how.coefficients[n * speckle_taps + t]} * rows[t][x];
            }
            out[n * how.stride + x] =
                static_cast<std::int16_t>(std::clamp(sum >> 14, -32768, 32767));
        }
    }
}

void interleave(const std::int16_t* phases, std::size_t pitch, std::size_t count,
                std::int16_t* out) {
    HWY_DYNAMIC_DISPATCH(interleave_simd)(phases, pitch, count, out);
}

void interleave_plain(const std::int16_t* phases, std::size_t pitch, std::size_t count,
                      std::int16_t* out) {
    for (std::size_t q = 0; q < pitch; ++q) {
        for (std::size_t p = 0; p < count; ++p) {
            out[2 * (p * pitch + q)] = phases[2 * (q * count + p)];
            out[2 * (p * pitch + q) + 1] = phases[2 * (q * count + p) + 1];
        }
    }
}

}  // namespace opal::sim
#endif
