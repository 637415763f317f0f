// PixelPacking: counts of 10 and 12 bits <-> the bytes cameras send. Stands between a stream of
// packets and hal::Frame.
//
// P0, P1, ... are consecutive pixels, B0, B1, ... bytes in the order of transmission
// [GigE Vision 2.2, Mono10Packed and Mono12Packed; PFNC 2.4, Mono10p and Mono12p]:
//
//   mono10_packed   B0 = P0[9:2]    B1 = P1[1:0] << 4 | P0[1:0]    B2 = P1[9:2]
//   mono12_packed   B0 = P0[11:4]   B1 = P1[3:0] << 4 | P0[3:0]    B2 = P1[11:4]
//   mono10p         a stream of bits, least significant first: 4 pixels in 5 bytes
//   mono12p         a stream of bits, least significant first: 2 pixels in 3 bytes
//
// Rule: an image is one stream, rows are not padded. What is left of the last byte is 0 when packed
// and ignored when unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::protocol {

enum class Packing { mono10_packed, mono12_packed, mono10p, mono12p };

constexpr int bits_of(Packing p) {
    return p == Packing::mono10_packed || p == Packing::mono10p ? 10 : 12;
}

// Bytes that hold `pixels` pixels.
constexpr std::size_t packed_size(Packing p, std::size_t pixels) {
    return p == Packing::mono10p ? (pixels * 10 + 7) / 8 : (pixels * 12 + 7) / 8;
}

// bytes.size() must be packed_size(packing, counts.size()) (asserts). Vector registers of the
// machine (Highway, chosen at run time); the plain form defines it, both give the same counts.
void unpack_pixels(Packing packing, std::span<const std::byte> bytes,
                   std::span<std::uint16_t> counts);
void unpack_pixels_plain(Packing packing, std::span<const std::byte> bytes,
                         std::span<std::uint16_t> counts);

// The inverse. Bits of a count above the format's are dropped.
void pack_pixels(Packing packing, std::span<const std::uint16_t> counts,
                 std::span<std::byte> bytes);
void pack_pixels_plain(Packing packing, std::span<const std::uint16_t> counts,
                       std::span<std::byte> bytes);

}  // namespace opal::protocol
