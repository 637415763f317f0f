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
