// PhiloxSimd: Philox and gaussian_table for whole vector registers. Included once per instruction
// set by the kernels (Highway, hwy/foreach_target.h), hence no ordinary include guard.
#if defined(OPAL_SIM_PHYSICS_PHILOX_SIMD_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPAL_SIM_PHYSICS_PHILOX_SIMD_H
#undef OPAL_SIM_PHYSICS_PHILOX_SIMD_H
#else
#define OPAL_SIM_PHYSICS_PHILOX_SIMD_H
#endif

#include "sim/physics/gaussian.h"
#include "sim/physics/philox.h"

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::sim::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

template <class V>
struct PhiloxVectors {
    V w0, w1, w2, w3;
};

// High and low words of the 64-bit products of even lanes and of odd lanes, each back in its lane.
template <class V>
HWY_INLINE V high_words(V even, V odd) {
    namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    if constexpr (sizeof(V) == 64) {  // move and blend in one
        return V{_mm512_mask_shuffle_epi32(odd.raw, 0x5555, even.raw, _MM_PERM_CDAB)};
    }
#endif
    const hn::DFromV<V> d32;
    const hn::Repartition<std::uint64_t, decltype(d32)> d64;
    return hn::OddEven(odd, hn::BitCast(d32, hn::ShiftRight<32>(hn::BitCast(d64, even))));
}
template <class V>
HWY_INLINE V low_words(V even, V odd) {
    namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    if constexpr (sizeof(V) == 64) {
        return V{_mm512_mask_shuffle_epi32(even.raw, 0xAAAA, odd.raw, _MM_PERM_CDAB)};
    }
#endif
    const hn::DFromV<V> d32;
    const hn::Repartition<std::uint64_t, decltype(d32)> d64;
    return hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(hn::BitCast(d64, odd))), even);
}
template <class V>
HWY_INLINE V xor_of_three(V a, V b, V c) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    if constexpr (sizeof(V) == 64) {
        return V{_mm512_ternarylogic_epi32(a.raw, b.raw, c.raw, 0x96)};
    }
#endif
    return hwy::HWY_NAMESPACE::Xor(hwy::HWY_NAMESPACE::Xor(a, b), c);
}

// Lane l: philox({first + l, counter[1], counter[2], counter[3]}, key), first = counter[0].
template <class D>
HWY_INLINE PhiloxVectors<hwy::HWY_NAMESPACE::Vec<D>> philox_lanes(D d32, PhiloxWords counter,
                                                                  PhiloxKey key) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Repartition<std::uint64_t, D> d64;
    const auto m0 = hn::Set(d32, philox_multiplier_0);
    const auto m1 = hn::Set(d32, philox_multiplier_1);
    auto c0 = hn::Iota(d32, counter[0]);
    auto c1 = hn::Set(d32, counter[1]);
    auto c2 = hn::Set(d32, counter[2]);
    auto c3 = hn::Set(d32, counter[3]);
    for (int round = 0; round < philox_rounds; ++round) {
        // 64-bit products of even lanes, and of odd lanes moved down to even ones.
        const auto even_product = [&](auto v, auto m) {
            return hn::BitCast(d32, hn::MulEven(v, m));
        };
        const auto odd_product = [&](auto v, auto m) {
            const auto odd = hn::BitCast(d32, hn::ShiftRight<32>(hn::BitCast(d64, v)));
            return hn::BitCast(d32, hn::MulEven(odd, m));
        };
        const auto even0 = even_product(c0, m0);
        const auto odd0 = odd_product(c0, m0);
        const auto even1 = even_product(c2, m1);
        const auto odd1 = odd_product(c2, m1);
        c0 = xor_of_three(high_words(even1, odd1), c1, hn::Set(d32, key.low));
        c2 = xor_of_three(high_words(even0, odd0), c3, hn::Set(d32, key.high));
        c1 = low_words(even1, odd1);
        c3 = low_words(even0, odd0);
        key.low += philox_weyl_0;
        key.high += philox_weyl_1;
    }
    return {c0, c1, c2, c3};
}

// gaussian_table of every byte. The table is antisymmetric: its upper half is looked up, at once
// where registers permute bytes (VBMI), else in eight parts of 16; its lower half is the mirror
// image.
template <class D8>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D8> gaussian_lanes(D8 d8, hwy::HWY_NAMESPACE::Vec<D8> bytes) {
    namespace hn = hwy::HWY_NAMESPACE;
#if HWY_TARGET == HWY_AVX3_DL
    if constexpr (sizeof(bytes) == 64) {
        const auto* upper_half = reinterpret_cast<const std::uint8_t*>(gaussian_table.data()) + 128;
        const __mmask64 lower = _knot_mask64(_mm512_movepi8_mask(bytes.raw));
        // -1 - byte where lower; bit 7 plays no part in the permutation.
        const __m512i index =
            _mm512_mask_sub_epi8(bytes.raw, lower, _mm512_set1_epi8(-1), bytes.raw);
        const __m512i value = _mm512_permutex2var_epi8(hn::LoadU(d8, upper_half).raw, index,
                                                       hn::LoadU(d8, upper_half + 64).raw);
        return {_mm512_mask_sub_epi8(value, lower, _mm512_setzero_si512(), value)};
    }
#endif
    const hn::RebindToSigned<D8> di8;
    // 0xFF where the byte is below 128: the value is then -table[255 - byte].
    const auto lower = hn::VecFromMask(d8, hn::Lt(bytes, hn::Set(d8, 128)));
    const auto index = hn::And(hn::Xor(bytes, lower), hn::Set(d8, 127));
    auto value = hn::Zero(d8);
    for (int part = 0; part < 8; ++part) {
        const auto table = hn::LoadDup128(
            d8, reinterpret_cast<const std::uint8_t*>(gaussian_table.data()) + 128 + 16 * part);
        // 0x70..0x7F when the index is in this part, else bit 7 is set, and the answer is 0.
        const auto offset = hn::Set(d8, static_cast<std::uint8_t>(16 * part));
        const auto place = hn::SaturatedAdd(hn::Sub(index, offset), hn::Set(d8, 0x70));
        const auto valid = hn::And(place, hn::Set(d8, 0x8F));
        value = hn::Or(value, hn::TableLookupBytesOr0(table, valid));
    }
    // Negate where lower: (v ^ -1) - (-1).
    return hn::BitCast(d8,
                       hn::Sub(hn::BitCast(di8, hn::Xor(value, lower)), hn::BitCast(di8, lower)));
}

#endif

}  // namespace opal::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
