// MediumKernels: plain forms first, then one Highway form for every instruction set. See
// medium_kernels.h.
#include "sim/physics/medium_kernels.h"

#include "sim/physics/gaussian.h"
#include "sim/physics/random_streams.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/medium_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "sim/physics/philox_simd.h"

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane: nothing to gain over the plain form.
void sum_pairs_simd(std::span<const MediumScratch::Pair> pairs,
                    std::span<const std::int8_t* const> rows, std::size_t modes,
                    std::int32_t* sums) {
    sum_pairs_plain(pairs, rows, modes, sums);
}

void draw_entries_simd(const EntryDraw& draw, std::int8_t* entries) {
    draw_entries_plain(draw, entries);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// Adds up to 4 pairs in one walk over the modes, to load and store the sums less often.
template <int count>
void sum_few_pairs(const MediumScratch::Pair* pairs, const std::int8_t* const* rows,
                   std::size_t modes, std::int32_t* sums) {
    const hn::ScalableTag<std::int32_t> d32;
    const hn::Repartition<std::int16_t, decltype(d32)> d16;
    const hn::Rebind<std::int8_t, decltype(d16)> d8;
    const std::size_t lanes = hn::Lanes(d32);
    const auto amplitudes = [&](int p) {
        // Two 16-bit amplitudes side by side in every 32-bit lane, the even channel's first.
        const auto low = static_cast<std::uint32_t>(pairs[p].even) & 0xFFFFu;
        const auto high = static_cast<std::uint32_t>(pairs[p].odd) << 16;
        return hn::BitCast(d16, hn::Set(d32, static_cast<std::int32_t>(low | high)));
    };
    const auto a0 = amplitudes(0);
    const auto a1 = amplitudes(count > 1 ? 1 : 0);
    const auto a2 = amplitudes(count > 2 ? 2 : 0);
    const auto a3 = amplitudes(count > 3 ? 3 : 0);
    const std::size_t values = 2 * modes;
    std::size_t k = 0;
    for (; k + lanes <= values; k += lanes) {
        auto even = hn::LoadU(d32, sums + k);
        auto odd = hn::Zero(d32);
        const auto entries = [&](int p) {
            return hn::PromoteTo(d16, hn::LoadU(d8, rows[p] + 2 * k));
        };
        even = hn::ReorderWidenMulAccumulate(d32, entries(0), a0, even, odd);
        if constexpr (count > 1) {
            even = hn::ReorderWidenMulAccumulate(d32, entries(1), a1, even, odd);
        }
        if constexpr (count > 2) {
            even = hn::ReorderWidenMulAccumulate(d32, entries(2), a2, even, odd);
        }
        if constexpr (count > 3) {
            even = hn::ReorderWidenMulAccumulate(d32, entries(3), a3, even, odd);
        }
        hn::StoreU(hn::RearrangeToOddPlusEven(even, odd), d32, sums + k);
    }
    for (; k < values; ++k) {
        for (int p = 0; p < count; ++p) {
            sums[k] += rows[p][2 * k] * pairs[p].even + rows[p][2 * k + 1] * pairs[p].odd;
        }
    }
}

void sum_pairs_simd(std::span<const MediumScratch::Pair> pairs,
                    std::span<const std::int8_t* const> rows, std::size_t modes,
                    std::int32_t* sums) {
    std::size_t p = 0;
    for (; p + 4 <= pairs.size(); p += 4) sum_few_pairs<4>(&pairs[p], &rows[p], modes, sums);
    for (; p < pairs.size(); ++p) sum_few_pairs<1>(&pairs[p], &rows[p], modes, sums);
}

void draw_entries_simd(const EntryDraw& draw, std::int8_t* entries) {
    const hn::ScalableTag<std::uint32_t> d32;
    const hn::Repartition<std::uint8_t, decltype(d32)> d8;
    const std::size_t lanes = hn::Lanes(d32);
    auto* bytes = reinterpret_cast<std::uint8_t*>(entries);
    if (draw.modes < lanes) {
        draw_entries_plain(draw, entries);
        return;
    }
    for (std::size_t n = 0; n < draw.modes; n += lanes) {
        const std::size_t m = std::min(n, draw.modes - lanes);  // the last vector overlaps
        const auto words = philox_lanes(d32,
                                        {draw.first_mode + static_cast<std::uint32_t>(m),
                                         draw.group, draw.epoch, stream_word(RandomStream::medium)},
                                        draw.key);
        const auto store = [&](std::size_t w, auto word) {
            hn::StoreU(gaussian_lanes(d8, hn::BitCast(d8, word)), d8,
                       bytes + 4 * (w * draw.stride + m));
        };
        store(0, words.w0);
        store(1, words.w1);
        store(2, words.w2);
        store(3, words.w3);
    }
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(sum_pairs_simd);
HWY_EXPORT(draw_entries_simd);

void sum_pairs(std::span<const MediumScratch::Pair> pairs, std::span<const std::int8_t* const> rows,
               std::size_t modes, std::int32_t* sums) {
    HWY_DYNAMIC_DISPATCH(sum_pairs_simd)(pairs, rows, modes, sums);
}

void sum_pairs_plain(std::span<const MediumScratch::Pair> pairs,
                     std::span<const std::int8_t* const> rows, std::size_t modes,
                     std::int32_t* sums) {
    for (std::size_t p = 0; p < pairs.size(); ++p) {
        for (std::size_t k = 0; k < 2 * modes; ++k) {
            sums[k] += rows[p][2 * k] * pairs[p].even + rows[p][2 * k + 1] * pairs[p].odd;
        }
    }
}

void draw_entries_plain(const EntryDraw& draw, std::int8_t* entries) {
    for (std::size_t m = 0; m < draw.modes; ++m) {
        const PhiloxWords words =
            philox({draw.first_mode + static_cast<std::uint32_t>(m), draw.group, draw.epoch,
                    stream_word(RandomStream::medium)},
                   draw.key);
        for (std::size_t w = 0; w < 4; ++w) {
            for (std::size_t b = 0; b < 4; ++b) {
                entries[4 * (w * draw.stride + m) + b] = gaussian_table[words[w] >> (8 * b) & 255u];
            }
        }
    }
}

void draw_entries(const EntryDraw& draw, std::int8_t* entries) {
    HWY_DYNAMIC_DISPATCH(draw_entries_simd)(draw, entries);
}

}  // namespace opal::sim
#endif
