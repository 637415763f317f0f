// EntrySums: plain form, then one Highway form for every instruction set. See entry_sums.h.
#include "sim/physics/entry_sums.h"

#include "sim/physics/gaussian.h"
#include "sim/physics/random_streams.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/physics/entry_sums.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "sim/physics/philox_simd.h"

#ifndef OPAL_SIM_PHYSICS_ENTRY_SUMS_ONCE
#define OPAL_SIM_PHYSICS_ENTRY_SUMS_ONCE
namespace opal::sim {

// What a group brings along: the words it alone decides, and its amplitudes side by side for the
// two pairs of Philox words that share a register.
struct PreparedGroup {
    std::uint32_t word_2 = 0;  // of c2 in round 1
    std::uint32_t word_3 = 0;  // c3 in round 1
    std::array<std::int16_t, 8> pairs_1_0{};
    std::array<std::int16_t, 8> pairs_3_2{};
};

// Table entries count from 128, so each is 1 to 255 and two words times amplitudes are at most
// 4 * 255 * 4096 per group and register: int32 holds this many groups.
constexpr std::size_t groups_at_a_time = 512;
constexpr std::int64_t entry_bias = 128;

// -table[j] + 128 of the table's lower half, mirrored on the way out for the upper: see below.
constexpr std::array<std::uint8_t, 128> biased_lower_half = [] {
    std::array<std::uint8_t, 128> table{};
    for (std::size_t j = 0; j < 128; ++j) {
        table[j] = static_cast<std::uint8_t>(gaussian_table[j] + entry_bias);
    }
    return table;
}();

constexpr std::uint32_t high_word(std::uint64_t product) {
    return static_cast<std::uint32_t>(product >> 32);
}
constexpr std::uint32_t low_word(std::uint64_t product) {
    return static_cast<std::uint32_t>(product);
}

// Rounds 0 and 1 as far as a group alone decides them.
inline PreparedGroup prepared(const ChannelGroup& group, const EntrySums& sums) {
    const std::uint64_t epoch_product = std::uint64_t{philox_multiplier_1} * sums.epoch;
    const std::uint32_t c0 = high_word(epoch_product) ^ group.number ^ sums.key.low;
    const std::uint64_t product = std::uint64_t{philox_multiplier_0} * c0;
    PreparedGroup ready;
    ready.word_2 = high_word(product);
    ready.word_3 = low_word(product);
    const auto& a = group.amplitudes;
    // The last round leaves word 1 below word 0, and word 3 below word 2. Real and imaginary parts
    // take the same two amplitudes.
    ready.pairs_1_0 = {a[2], a[3], a[2], a[3], a[0], a[1], a[0], a[1]};
    ready.pairs_3_2 = {a[6], a[7], a[6], a[7], a[4], a[5], a[4], a[5]};
    return ready;
}

constexpr PhiloxKey key_of_round(PhiloxKey key, std::uint32_t round) {
    return {key.low + round * philox_weyl_0, key.high + round * philox_weyl_1};
}

}  // namespace opal::sim
#endif

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || !HWY_ARCH_X86

// One lane, emulated lanes, or products added in an order that nobody has tried: the plain form.
void add_entry_sums_simd(const EntrySums& sums, std::span<const ChannelGroup> groups,
                         std::int64_t* field) {
    add_entry_sums_plain(sums, groups, field);
}

#else

// Words lie in the lower halves of 64-bit lanes, one mode each; what the upper halves hold does not
// matter, since MulEven does not look at them. The high word of a product comes down by a shift,
// the low word is where it has to be.
using Tag32 = hn::ScalableTag<std::uint32_t>;
using Tag64 = hn::Repartition<std::uint64_t, Tag32>;
using Tag8 = hn::Repartition<std::uint8_t, Tag32>;
using Tag16 = hn::Repartition<std::int16_t, Tag32>;
using TagSum = hn::Repartition<std::int32_t, Tag32>;
using Word = hn::Vec<Tag32>;

HWY_INLINE Word product(Word words, Word multiplier) {
    return hn::BitCast(Tag32(), hn::MulEven(words, multiplier));
}
HWY_INLINE Word high(Word products) {
    return hn::BitCast(Tag32(), hn::ShiftRight<32>(hn::BitCast(Tag64(), products)));
}

// What the modes of one register bring along, computed once for all groups.
struct ModeWords {
    Word c2_of_1;  // word 2 after round 1, without the group's part
    Word c0_of_2;  // added to word 0 in round 2
    Word c2_of_2;  // word 2 after round 2, without the group's part
    Word c3_of_3;  // added to word 2 in round 3
};

HWY_INLINE ModeWords mode_words(const EntrySums& sums, std::uint32_t first_mode) {
    const Tag32 d32;
    const Tag64 d64;
    const auto key = [&](std::uint32_t round) { return key_of_round(sums.key, round); };
    const auto m0 = hn::Set(d32, philox_multiplier_0);
    const auto m1 = hn::Set(d32, philox_multiplier_1);
    const Word mode = hn::BitCast(d32, hn::Iota(d64, first_mode));
    const std::uint32_t c1 = low_word(std::uint64_t{philox_multiplier_1} * sums.epoch);
    // Round 0.
    const Word p0 = product(mode, m0);
    const Word c2 =
        hn::Xor(high(p0), hn::Set(d32, stream_word(RandomStream::medium) ^ key(0).high));
    // Round 1.
    const Word p1 = product(c2, m1);
    const Word c0 = hn::Xor(high(p1), hn::Set(d32, c1 ^ key(1).low));
    // Round 2.
    const Word q0 = product(c0, m0);
    return {hn::Xor(p0, hn::Set(d32, key(1).high)), hn::Xor(p1, hn::Set(d32, key(2).low)),
            hn::Xor(high(q0), hn::Set(d32, key(2).high)), hn::Xor(q0, hn::Set(d32, key(3).high))};
}

// gaussian_table + 128 of every byte.
HWY_INLINE hn::Vec<Tag8> biased_entries(Word words) {
    const Tag8 d8;
    const auto bytes = hn::BitCast(d8, words);
#if HWY_TARGET == HWY_AVX3_DL
    // The table is antisymmetric: looked up in the lower half, 256 minus that in the upper.
    const __mmask64 upper = _mm512_movepi8_mask(bytes.raw);
    const __m512i index = _mm512_mask_sub_epi8(bytes.raw, upper, _mm512_set1_epi8(-1), bytes.raw);
    const __m512i value =
        _mm512_permutex2var_epi8(_mm512_loadu_si512(biased_lower_half.data()), index,
                                 _mm512_loadu_si512(biased_lower_half.data() + 64));
    return hn::Vec<Tag8>{_mm512_mask_sub_epi8(value, upper, _mm512_setzero_si512(), value)};
#else
    return hn::Xor(gaussian_lanes(d8, bytes), hn::Set(d8, 0x80));
#endif
}

// sum += pairs of entries times pairs of amplitudes.
HWY_INLINE hn::Vec<TagSum> add_products(hn::Vec<TagSum> sum, hn::Vec<Tag8> entries,
                                        hn::Vec<Tag16> amplitudes) {
#if HWY_TARGET == HWY_AVX3_DL
    // Every processor this target is dispatched to has it, but the target's compiler flags do not
    // name AVX-512 VNNI.
    asm("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(entries.raw), "v"(amplitudes.raw));
    return sum;
#else
    auto unused = hn::Zero(TagSum());
    return hn::ReorderWidenMulAccumulate(TagSum(), hn::BitCast(Tag16(), entries), amplitudes, sum,
                                         unused);
#endif
}

constexpr std::size_t registers = 2;  // of modes at a time: enough to keep multipliers busy

// One register's worth of modes each, all groups. Sums per mode, over two pairs each: even modes in
// the lower, odd ones in the upper halves of the entries' 128-bit blocks.
void add_groups(const EntrySums& sums, const ModeWords* modes,
                std::span<const PreparedGroup> groups, std::int32_t* out) {
    const Tag32 d32;
    const Tag64 d64;
    const Tag8 d8;
    const Tag16 d16;
    const TagSum ds;
    const auto m0 = hn::Set(d32, philox_multiplier_0);
    const auto m1 = hn::Set(d32, philox_multiplier_1);
    const auto zero = hn::Zero(d8);
    Word keys_0[philox_rounds];
    Word keys_2[philox_rounds];
    for (std::uint32_t round = 3; round < philox_rounds; ++round) {
        const PhiloxKey key = key_of_round(sums.key, round);
        keys_0[round] = hn::Set(d32, key.low);
        keys_2[round] = hn::Set(d32, key.high);
    }
    constexpr int last = philox_rounds - 1;
    const auto upper_words = hn::Set(d64, 0xFFFFFFFF00000000u);
    keys_0[last] = hn::And(keys_0[last], hn::BitCast(d32, upper_words));
    keys_2[last] = hn::And(keys_2[last], hn::BitCast(d32, upper_words));
    hn::Vec<TagSum> even[registers];
    hn::Vec<TagSum> odd[registers];
    for (std::size_t r = 0; r < registers; ++r) even[r] = odd[r] = hn::Zero(ds);
    for (const PreparedGroup& group : groups) {
        const auto word_2 = hn::Set(d32, group.word_2);
        const auto word_3 = hn::Set(d32, group.word_3);
        Word c0[registers], c1[registers], c2[registers], c3[registers];
        for (std::size_t r = 0; r < registers; ++r) {
            const Word p1 = product(hn::Xor(modes[r].c2_of_1, word_2), m1);
            c0[r] = hn::Xor(high(p1), modes[r].c0_of_2);
            c1[r] = p1;
            c2[r] = hn::Xor(modes[r].c2_of_2, word_3);
        }
        for (std::size_t r = 0; r < registers; ++r) {
            const Word p0 = product(c0[r], m0);
            const Word p1 = product(c2[r], m1);
            c0[r] = xor_of_three(high(p1), c1[r], keys_0[3]);
            c1[r] = p1;
            c2[r] = hn::Xor(high(p0), modes[r].c3_of_3);
            c3[r] = p0;
        }
#pragma GCC unroll 8
        for (int round = 4; round < last; ++round) {
            for (std::size_t r = 0; r < registers; ++r) {
                const Word p0 = product(c0[r], m0);
                const Word p1 = product(c2[r], m1);
                c0[r] = xor_of_three(high(p1), c1[r], keys_0[round]);
                c1[r] = p1;
                c2[r] = xor_of_three(high(p0), c3[r], keys_2[round]);
                c3[r] = p0;
            }
        }
        const auto amplitudes = [&](const std::array<std::int16_t, 8>& pairs) {
            return hn::LoadDup128(d16, pairs.data());
        };
        const auto pairs_1_0 = amplitudes(group.pairs_1_0);
        const auto pairs_3_2 = amplitudes(group.pairs_3_2);
        for (std::size_t r = 0; r < registers; ++r) {
            // The last round's products hold one word in place; the other is completed above it.
            const auto up = [&](Word v) {
                return hn::BitCast(d32, hn::ShiftLeft<32>(hn::BitCast(d64, v)));
            };
            const auto words_3_2 =
                biased_entries(xor_of_three(product(c0[r], m0), up(c3[r]), keys_2[last]));
            const auto words_1_0 =
                biased_entries(xor_of_three(product(c2[r], m1), up(c1[r]), keys_0[last]));
            even[r] = add_products(even[r], hn::InterleaveLower(d8, words_1_0, zero), pairs_1_0);
            odd[r] = add_products(odd[r], hn::InterleaveUpper(d8, words_1_0, zero), pairs_1_0);
            even[r] = add_products(even[r], hn::InterleaveLower(d8, words_3_2, zero), pairs_3_2);
            odd[r] = add_products(odd[r], hn::InterleaveUpper(d8, words_3_2, zero), pairs_3_2);
        }
    }
    const std::size_t lanes = hn::Lanes(ds);
    for (std::size_t r = 0; r < registers; ++r) {
        hn::StoreU(even[r], ds, out + 2 * r * lanes);
        hn::StoreU(odd[r], ds, out + (2 * r + 1) * lanes);
    }
}

void add_entry_sums_simd(const EntrySums& sums, std::span<const ChannelGroup> groups,
                         std::int64_t* field) {
    const std::size_t in_register = hn::Lanes(Tag64());
    const std::size_t tile = registers * in_register;
    if (sums.modes < tile) {
        add_entry_sums_plain(sums, groups, field);
        return;
    }
    std::array<PreparedGroup, groups_at_a_time> ready;
    std::int32_t out[2 * registers * hn::MaxLanes(TagSum())];
    for (std::size_t first = 0; first < groups.size(); first += groups_at_a_time) {
        const std::size_t count = std::min(groups_at_a_time, groups.size() - first);
        std::int64_t bias = 0;
        for (std::size_t g = 0; g < count; ++g) {
            ready[g] = prepared(groups[first + g], sums);
            for (const std::int16_t a : groups[first + g].amplitudes) bias += a * entry_bias;
        }
        for (std::size_t m = 0; m < sums.modes; m += tile) {
            // The last tile overlaps the one before; what was done is not added again.
            const std::size_t begin = std::min(m, sums.modes - tile);
            ModeWords modes[registers];
            for (std::size_t r = 0; r < registers; ++r) {
                modes[r] = mode_words(
                    sums, sums.first_mode + static_cast<std::uint32_t>(begin + r * in_register));
            }
            add_groups(sums, modes, std::span(ready).first(count), out);
            for (std::size_t k = m - begin; k < tile; ++k) {
                // Modes come in pairs, even ones first, four sums each.
                const std::size_t r = k / in_register;
                const std::size_t in = k % in_register;
                const std::int32_t* const sum =
                    out + ((2 * r + in % 2) * in_register / 2 + in / 2) * 4;
                field[2 * (begin + k)] += std::int64_t{sum[0]} + sum[2] - bias;
                field[2 * (begin + k) + 1] += std::int64_t{sum[1]} + sum[3] - bias;
            }
        }
    }
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::sim {

HWY_EXPORT(add_entry_sums_simd);

void add_entry_sums(const EntrySums& sums, std::span<const ChannelGroup> groups,
                    std::int64_t* field) {
    HWY_DYNAMIC_DISPATCH(add_entry_sums_simd)(sums, groups, field);
}

void add_entry_sums_plain(const EntrySums& sums, std::span<const ChannelGroup> groups,
                          std::int64_t* field) {
    for (const ChannelGroup& group : groups) {
        for (std::size_t m = 0; m < sums.modes; ++m) {
            const PhiloxWords words =
                philox({sums.first_mode + static_cast<std::uint32_t>(m), group.number, sums.epoch,
                        stream_word(RandomStream::medium)},
                       sums.key);
            for (std::size_t w = 0; w < 4; ++w) {
                const auto entry = [&](std::size_t byte) {
                    return std::int64_t{gaussian_table[words[w] >> (8 * byte) & 255u]};
                };
                const std::int64_t a = group.amplitudes[2 * w];
                const std::int64_t b = group.amplitudes[2 * w + 1];
                field[2 * m] += entry(0) * a + entry(1) * b;
                field[2 * m + 1] += entry(2) * a + entry(3) * b;
            }
        }
    }
}

}  // namespace opal::sim
#endif
