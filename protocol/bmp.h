// Bmp: Windows bitmap files of one bit per pixel, as DMD controllers take them [Microsoft, Bitmap
// Storage].
//
//   42 4D  file size u32  0 u32  offset of pixels u32 = 62        file header, 14 bytes
//   40 u32  width u32  height u32  1 u16  1 u16  0 u32  size u32  0 u32  0 u32  2 u32  2 u32
//   00 00 00 00  FF FF FF 00                                      palette: black, white
//   rows from the bottom up, most significant bit first, each padded to 4 bytes
//
// All numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opal::protocol {

// One bit per pixel, 1 is white. Rows from the top down, most significant bit first, each padded to
// a whole byte: (rows, (columns + 7) / 8).
struct BitImage {
    int rows = 0;
    int columns = 0;
    std::vector<std::uint8_t> bits;
    std::size_t row_bytes() const { return (static_cast<std::size_t>(columns) + 7) / 8; }
    bool operator==(const BitImage&) const = default;
};

std::vector<std::byte> encode_bmp(const BitImage& image);
// What a file says about itself; nothing if it is none or ends too early.
struct BmpHeader {
    int rows = 0;
    int columns = 0;
    int depth = 0;           // bits per pixel
    std::size_t pixels = 0;  // where they begin
};
std::optional<BmpHeader> parse_bmp_header(std::span<const std::byte> file);
// Files of one bit per pixel, rows from the bottom up; the palette may be either way round.
std::optional<BitImage> parse_bmp(std::span<const std::byte> file);

}  // namespace opal::protocol
