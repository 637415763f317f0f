// PixelPacking: plain forms, then one Highway form for every instruction set. See pixel_packing.h.
//
// Eight pixels at a time in 128 bits. Unpacking: every 16-bit lane fetches the two bytes its pixel
// lies in, then shifts and masks. Packing: pairs of pixels become 24 (20) bits of a 32-bit lane,
// whose bytes are then moved together.
#include "protocol/pixel_packing.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "protocol/pixel_packing.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opal::protocol::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

std::size_t unpack_simd(Packing, const std::uint8_t*, std::size_t, std::uint16_t*) {
    return 0;
}
std::size_t pack_simd(Packing, const std::uint16_t*, std::size_t, std::uint8_t*) {
    return 0;
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::FixedTag<std::uint8_t, 16>;
using Words = hn::FixedTag<std::uint16_t, 8>;
using Pairs = hn::FixedTag<std::uint32_t, 4>;
using Quads = hn::FixedTag<std::uint64_t, 2>;

constexpr std::size_t step = 8;  // pixels

struct Order {
    alignas(16) std::uint8_t from[16];
};
// The bytes of pixel 2k are 3k and 3k + 1, those of pixel 2k + 1 are 3k + 1 and 3k + 2. The GigE
// formats hold the even pixel's high bits in the first byte.
constexpr Order stream12 = {{0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11}};
constexpr Order gige = {{1, 0, 1, 2, 4, 3, 4, 5, 7, 6, 7, 8, 10, 9, 10, 11}};
constexpr Order stream10 = {{0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9}};
// The low 3 (5) bytes of every 32-bit (64-bit) lane together; 0x80 gives 0.
constexpr Order three_of_four = {{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80}};
constexpr Order five_of_eight = {
    {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}};

template <class Unpack>
std::size_t unpack_steps(const Order& order, std::size_t step_bytes, const std::uint8_t* bytes,
                         std::size_t size, std::size_t pixels, std::uint16_t* counts,
                         const Unpack& unpack) {
    const auto index = hn::Load(Bytes(), order.from);
    std::size_t done = 0;
    for (std::size_t at = 0; done + step <= pixels && at + 16 <= size; at += step_bytes) {
        const auto fetched = hn::TableLookupBytes(hn::LoadU(Bytes(), bytes + at), index);
        hn::StoreU(unpack(hn::BitCast(Words(), fetched)), Words(), counts + done);
        done += step;
    }
    return done;
}

// Returns how many pixels are done; the few that are left may not have 16 bytes to load.
std::size_t unpack_simd(Packing packing, const std::uint8_t* bytes, std::size_t pixels,
                        std::uint16_t* counts) {
    const Words d;
    const std::size_t size = packed_size(packing, pixels);
    const auto odd = hn::MaskFromVec(hn::BitCast(d, hn::Set(Pairs(), 0xFFFF0000u)));
    const auto mask = [&](std::uint16_t bits) { return hn::Set(d, bits); };
    switch (packing) {
        case Packing::mono12p:
            return unpack_steps(stream12, 12, bytes, size, pixels, counts, [&](auto v) {
                return hn::IfThenElse(odd, hn::ShiftRight<4>(v), hn::And(v, mask(0xFFF)));
            });
        case Packing::mono12_packed:
            return unpack_steps(gige, 12, bytes, size, pixels, counts, [&](auto v) {
                const auto high = hn::ShiftRight<4>(v);
                const auto even = hn::Or(hn::And(high, mask(0xFF0)), hn::And(v, mask(0xF)));
                return hn::IfThenElse(odd, high, even);
            });
        case Packing::mono10_packed:
            return unpack_steps(gige, 12, bytes, size, pixels, counts, [&](auto v) {
                const auto low = hn::IfThenElse(odd, hn::ShiftRight<4>(v), v);
                return hn::Or(hn::And(hn::ShiftRight<6>(v), mask(0x3FC)), hn::And(low, mask(3)));
            });
        case Packing::mono10p: {
            // Pixel j of 4 begins at bit 2j of its lane: to the top, then down.
            const auto up = hn::BitCast(d, hn::Set(Quads(), 0x0001000400100040u));
            return unpack_steps(stream10, 10, bytes, size, pixels, counts,
                                [&](auto v) { return hn::ShiftRight<6>(hn::Mul(v, up)); });
        }
    }
    return 0;
}

template <class Pack>
std::size_t pack_steps(const Order& order, std::size_t step_bytes, const std::uint16_t* counts,
                       std::size_t pixels, std::uint8_t* bytes, std::size_t size,
                       const Pack& pack) {
    const auto index = hn::Load(Bytes(), order.from);
    std::size_t done = 0;
    for (std::size_t at = 0; done + step <= pixels && at + 16 <= size; at += step_bytes) {
        const auto packed = hn::BitCast(Bytes(), pack(hn::LoadU(Words(), counts + done)));
        hn::StoreU(hn::TableLookupBytesOr0(packed, index), Bytes(), bytes + at);
        done += step;
    }
    return done;
}

std::size_t pack_simd(Packing packing, const std::uint16_t* counts, std::size_t pixels,
                      std::uint8_t* bytes) {
    const Words d16;
    const Pairs d;
    const std::size_t size = packed_size(packing, pixels);
    const auto mask = [&](std::uint32_t bits) { return hn::Set(d, bits); };
    const auto even = [&](auto v, std::uint32_t bits) {
        return hn::And(hn::BitCast(d, v), mask(bits));
    };
    const auto odd = [&](auto v, std::uint32_t bits) {
        return hn::And(hn::ShiftRight<16>(hn::BitCast(d, v)), mask(bits));
    };
    switch (packing) {
        case Packing::mono12p:
            return pack_steps(three_of_four, 12, counts, pixels, bytes, size, [&](auto v) {
                return hn::Or(even(v, 0xFFF), hn::ShiftLeft<12>(odd(v, 0xFFF)));
            });
        case Packing::mono12_packed:
            return pack_steps(three_of_four, 12, counts, pixels, bytes, size, [&](auto v) {
                const auto p0 =
                    hn::Or(hn::ShiftRight<4>(even(v, 0xFF0)), hn::ShiftLeft<8>(even(v, 0xF)));
                return hn::Or(p0, hn::ShiftLeft<12>(odd(v, 0xFFF)));
            });
        case Packing::mono10_packed:
            return pack_steps(three_of_four, 12, counts, pixels, bytes, size, [&](auto v) {
                const auto p0 =
                    hn::Or(hn::ShiftRight<2>(even(v, 0x3FC)), hn::ShiftLeft<8>(even(v, 3)));
                const auto p1 =
                    hn::Or(hn::ShiftLeft<12>(odd(v, 3)), hn::ShiftLeft<14>(odd(v, 0x3FC)));
                return hn::Or(p0, p1);
            });
        case Packing::mono10p:
            return pack_steps(five_of_eight, 10, counts, pixels, bytes, size, [&](auto v) {
                const Quads d64;
                const auto masked = hn::And(v, hn::Set(d16, std::uint16_t{0x3FF}));
                const auto pairs = hn::BitCast(
                    d64, hn::Or(even(masked, 0x3FF), hn::ShiftLeft<10>(odd(masked, 0x3FF))));
                const auto low = hn::And(pairs, hn::Set(d64, 0xFFFFFu));
                return hn::Or(low, hn::ShiftLeft<20>(hn::ShiftRight<32>(pairs)));
            });
    }
    return 0;
}

#endif

}  // namespace opal::protocol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opal::protocol {

namespace {

bool is_stream(Packing p) {
    return p == Packing::mono10p || p == Packing::mono12p;
}

std::uint16_t at_bit(std::span<const std::byte> bytes, std::size_t bit, int bits) {
    unsigned value = 0;
    for (int k = 0; k < bits; ++k) {
        const std::size_t b = bit + static_cast<std::size_t>(k);
        value |= (std::to_integer<unsigned>(bytes[b / 8]) >> (b % 8) & 1u) << k;
    }
    return static_cast<std::uint16_t>(value);
}

}  // namespace

HWY_EXPORT(unpack_simd);
HWY_EXPORT(pack_simd);

void unpack_pixels(Packing packing, std::span<const std::byte> bytes,
                   std::span<std::uint16_t> counts) {
    assert(bytes.size() == packed_size(packing, counts.size()));
    const std::size_t done = HWY_DYNAMIC_DISPATCH(unpack_simd)(
        packing, reinterpret_cast<const std::uint8_t*>(bytes.data()), counts.size(), counts.data());
    // A multiple of eight pixels, so whole bytes.
    unpack_pixels_plain(packing, bytes.subspan(packed_size(packing, done)), counts.subspan(done));
}

void unpack_pixels_plain(Packing packing, std::span<const std::byte> bytes,
                         std::span<std::uint16_t> counts) {
    assert(bytes.size() == packed_size(packing, counts.size()));
    const int bits = bits_of(packing);
    const int low_bits = bits - 8;
    for (std::size_t p = 0; p < counts.size(); ++p) {
        if (is_stream(packing)) {
            counts[p] = at_bit(bytes, p * static_cast<std::size_t>(bits), bits);
            continue;
        }
        const std::size_t pair = p / 2 * 3;
        const auto high = std::to_integer<unsigned>(bytes[pair + (p % 2 == 0 ? 0 : 2)]);
        const auto low = std::to_integer<unsigned>(bytes[pair + 1]) >> (p % 2 == 0 ? 0 : 4);
        counts[p] = static_cast<std::uint16_t>(high << low_bits | (low & ((1u << low_bits) - 1)));
    }
}

void pack_pixels(Packing packing, std::span<const std::uint16_t> counts,
                 std::span<std::byte> bytes) {
    assert(bytes.size() == packed_size(packing, counts.size()));
    const std::size_t done = HWY_DYNAMIC_DISPATCH(pack_simd)(
        packing, counts.data(), counts.size(), reinterpret_cast<std::uint8_t*>(bytes.data()));
    pack_pixels_plain(packing, counts.subspan(done), bytes.subspan(packed_size(packing, done)));
}

void pack_pixels_plain(Packing packing, std::span<const std::uint16_t> counts,
                       std::span<std::byte> bytes) {
    assert(bytes.size() == packed_size(packing, counts.size()));
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    const int bits = bits_of(packing);
    const int low_bits = bits - 8;
    for (std::size_t p = 0; p < counts.size(); ++p) {
        const unsigned count = counts[p] & ((1u << bits) - 1);
        if (is_stream(packing)) {
            for (int k = 0; k < bits; ++k) {
                const std::size_t b =
                    p * static_cast<std::size_t>(bits) + static_cast<std::size_t>(k);
                bytes[b / 8] |= static_cast<std::byte>((count >> k & 1u) << (b % 8));
            }
            continue;
        }
        const std::size_t pair = p / 2 * 3;
        const unsigned low = count & ((1u << low_bits) - 1);
        bytes[pair + (p % 2 == 0 ? 0 : 2)] = static_cast<std::byte>(count >> low_bits);
        bytes[pair + 1] |= static_cast<std::byte>(low << (p % 2 == 0 ? 0 : 4));
    }
}

}  // namespace opal::protocol
#endif
