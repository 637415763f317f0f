// SpeckleKernels: plain form, then one Highway form for every instruction set. See
// speckle_kernels.h.
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

// Two taps at a time: rows interleaved, multiplied and added in pairs. Interleaving and demoting
// both work within blocks of 128 bits on x86, so the order comes back right.
void weigh_rows_simd(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                     std::int16_t* out) {
    const hn::ScalableTag<std::int16_t> d16;
    const hn::RepartitionToWide<decltype(d16)> d32;
    const std::size_t lanes = hn::Lanes(d16);
    if (count < lanes) {
        weigh_rows_plain(rows, coefficients, count, out);
        return;
    }
    hn::Vec<decltype(d16)> weights[speckle_taps / 2];
    for (std::size_t t = 0; t < speckle_taps; t += 2) {
        const std::uint32_t low = static_cast<std::uint16_t>(coefficients[t]);
        const std::uint32_t high = static_cast<std::uint16_t>(coefficients[t + 1]);
        const auto pair = static_cast<std::int32_t>(low | high << 16);
        weights[t / 2] = hn::BitCast(d16, hn::Set(d32, pair));
    }
    for (std::size_t n = 0; n < count; n += lanes) {
        const std::size_t x = std::min(n, count - lanes);  // the last vector overlaps
        auto lower = hn::Set(d32, 1 << 13);
        auto upper = lower;
        auto lower_odd = hn::Zero(d32);
        auto upper_odd = hn::Zero(d32);
        for (std::size_t t = 0; t < speckle_taps; t += 2) {
            const auto a = hn::LoadU(d16, rows[t] + x);
            const auto b = hn::LoadU(d16, rows[t + 1] + x);
            const auto weight = weights[t / 2];
            lower = hn::ReorderWidenMulAccumulate(d32, hn::InterleaveLower(d16, a, b), weight,
                                                  lower, lower_odd);
            upper = hn::ReorderWidenMulAccumulate(d32, hn::InterleaveUpper(d16, a, b), weight,
                                                  upper, upper_odd);
        }
        lower = hn::ShiftRight<14>(hn::RearrangeToOddPlusEven(lower, lower_odd));
        upper = hn::ShiftRight<14>(hn::RearrangeToOddPlusEven(upper, upper_odd));
        hn::StoreU(hn::ReorderDemote2To(d16, lower, upper), d16, out + x);  // saturates
    }
}

#else

void weigh_rows_simd(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                     std::int16_t* out) {
    const hn::ScalableTag<std::int32_t> d32;
    const hn::Rebind<std::int16_t, decltype(d32)> d16;
    const std::size_t lanes = hn::Lanes(d32);
    std::size_t x = 0;
    for (; x + lanes <= count; x += lanes) {
        auto sum = hn::Set(d32, 1 << 13);
        for (std::size_t t = 0; t < speckle_taps; ++t) {
            const auto row = hn::PromoteTo(d32, hn::LoadU(d16, rows[t] + x));
            sum = hn::Add(sum, hn::Mul(row, hn::Set(d32, coefficients[t])));
        }
        hn::StoreU(hn::DemoteTo(d16, hn::ShiftRight<14>(sum)), d16, out + x);  // saturates
    }
    TapRows rest{};
    for (std::size_t t = 0; t < speckle_taps; ++t) rest[t] = rows[t] + x;
    weigh_rows_plain(rest, coefficients, count - x, out + x);
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(weigh_rows_simd);

void weigh_rows(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                std::int16_t* out) {
    HWY_DYNAMIC_DISPATCH(weigh_rows_simd)(rows, coefficients, count, out);
}

void weigh_rows_plain(const TapRows& rows, const std::int16_t* coefficients, std::size_t count,
                      std::int16_t* out) {
    for (std::size_t x = 0; x < count; ++x) {
        std::int32_t sum = 1 << 13;
        for (std::size_t t = 0; t < speckle_taps; ++t) {
            sum += std::int32_t{coefficients[t]} * rows[t][x];
        }
        out[x] = static_cast<std::int16_t>(std::clamp(sum >> 14, -32768, 32767));
    }
}

}  // namespace opal::sim
#endif
