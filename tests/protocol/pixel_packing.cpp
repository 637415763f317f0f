// PixelPacking: bytes typed from the formats' definitions, then every vector form against the plain
// one at every length around its step.
#include "protocol/pixel_packing.h"

#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace opal::protocol;

namespace {

constexpr Packing all[] = {Packing::mono10_packed, Packing::mono12_packed, Packing::mono10p,
                           Packing::mono12p};

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> typed;
    for (const int v : values) typed.push_back(static_cast<std::byte>(v));
    return typed;
}

void check_typed(Packing packing, const std::vector<std::uint16_t>& counts,
                 const std::vector<std::byte>& typed) {
    REQUIRE(packed_size(packing, counts.size()) == typed.size());
    std::vector<std::byte> packed(typed.size(), std::byte{0xEE});
    pack_pixels_plain(packing, counts, packed);
    CHECK(packed == typed);
    std::vector<std::uint16_t> unpacked(counts.size());
    unpack_pixels_plain(packing, typed, unpacked);
    CHECK(unpacked == counts);
}

}  // namespace

TEST_CASE("pixels of 12 bits, by hand") {
    // Mono12Packed: high bytes 12 and AB around the low nibbles 3 and C. Mono12p: CBA321 backwards.
    check_typed(Packing::mono12_packed, {0x123, 0xABC}, bytes({0x12, 0xC3, 0xAB}));
    check_typed(Packing::mono12p, {0x123, 0xABC}, bytes({0x23, 0xC1, 0xAB}));
    check_typed(Packing::mono12_packed, {0x123}, bytes({0x12, 0x03}));
    check_typed(Packing::mono12p, {0x123}, bytes({0x23, 0x01}));
    check_typed(Packing::mono12_packed, {0xFFF, 0x000, 0x001},
                bytes({0xFF, 0x0F, 0x00, 0x00, 0x01}));
}

TEST_CASE("pixels of 10 bits, by hand") {
    // 155 = 01 0101 0101, 2AA = 10 1010 1010, 3C3 = 11 1100 0011, 0F0 = 00 1111 0000.
    check_typed(Packing::mono10_packed, {0x155, 0x2AA, 0x3C3, 0x0F0},
                bytes({0x55, 0x21, 0xAA, 0xF0, 0x03, 0x3C}));
    check_typed(Packing::mono10p, {0x155, 0x2AA, 0x3C3, 0x0F0},
                bytes({0x55, 0xA9, 0x3A, 0x3C, 0x3C}));
    check_typed(Packing::mono10p, {0x3FF}, bytes({0xFF, 0x03}));
    check_typed(Packing::mono10_packed, {0x3FF}, bytes({0xFF, 0x03}));
}

TEST_CASE("all vector forms give the plain form's bytes and counts, whatever the length") {
    std::mt19937 draw(1);
    for (const Packing packing : all) {
        CAPTURE(bits_of(packing));
        for (const std::size_t pixels :
             {0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 16, 17, 23, 31, 32, 100}) {
            CAPTURE(pixels);
            std::vector<std::uint16_t> counts(pixels);
            for (auto& c : counts) c = static_cast<std::uint16_t>(draw());  // too many bits
            std::vector<std::byte> plain(packed_size(packing, pixels));
            pack_pixels_plain(packing, counts, plain);
            opal::test::for_each_vector_target([&] {
                std::vector<std::byte> fast(plain.size(), std::byte{0xEE});
                pack_pixels(packing, counts, fast);
                CHECK(fast == plain);
            });
            // Unused bits may hold anything.
            std::vector<std::byte> sent(plain.size());
            for (auto& b : sent) b = static_cast<std::byte>(draw());
            std::vector<std::uint16_t> unpacked(pixels);
            unpack_pixels_plain(packing, sent, unpacked);
            for (const std::uint16_t c : unpacked) CHECK(c < 1 << bits_of(packing));
            opal::test::for_each_vector_target([&] {
                std::vector<std::uint16_t> fast(pixels, 0xEEEE);
                unpack_pixels(packing, sent, fast);
                CHECK(fast == unpacked);
            });
        }
    }
}
