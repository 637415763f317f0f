// Dlpc900Image: what a TI DLPC900 stores: 24 one-bit patterns in one 24-bit picture, as a file of a
// 48-byte header and compressed rows [TI DLPU018].
//
//   53 70 6C 64 | width u16 | height u16 | encoded bytes u32 | FF x 8 | background B G R 0 |
//   01 | compression | 01 00 00 01 | 00 x 18
//
// A pixel is three bytes: planes 16-23, 8-15, 0-7, plane k in bit k modulo 8. Rows from the top
// down, pixels from the left. All numbers are little-endian.
//
// Enhanced run-length code. A count n is one byte below 128, else (n & 127) | 128, n >> 7:
//   n pixel           n times this pixel
//   00 n pixels       n >= 2 pixels as they are
//   00 01 n           n pixels of the row above, same columns
//   00 00             end of line, optional
//   00 01 00          end of picture
// A row ends by itself at its width; runs do not cross rows. The plain code has counts of one byte,
// 00 00 with padding to four bytes at the end of each line but the last, 00 01 and padding to 16 at
// the end, and no copies from above.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opal::protocol {

enum class Dlpc900Compression : std::uint8_t { none, plain, enhanced };

// Shape (height, width, 3) bytes.
struct Dlpc900Picture {
    int width = 0;
    int height = 0;
    std::vector<std::byte> pixels;
    std::size_t row_bytes() const { return 3 * static_cast<std::size_t>(width); }
    bool operator==(const Dlpc900Picture&) const = default;
};

inline constexpr int dlpc900_planes = 24;
// One row of each plane, columns in 64-bit words from the least significant bit on; null: all off.
using Dlpc900PlaneRows = std::array<const std::uint64_t*, dlpc900_planes>;
// Packs one row of `width` pixels into 3 * width bytes.
void pack_planes(const Dlpc900PlaneRows& planes, int width, std::span<std::byte> row);
void pack_planes_plain(const Dlpc900PlaneRows& planes, int width, std::span<std::byte> row);
// One pixel's planes, plane k in bit k.
std::uint32_t planes_at(const Dlpc900Picture& picture, int row, int column);

std::vector<std::byte> compress(const Dlpc900Picture& picture, Dlpc900Compression how);
// Whichever code makes it smallest, with its header.
std::vector<std::byte> encode_smallest(const Dlpc900Picture& picture);
std::vector<std::byte> encode(const Dlpc900Picture& picture, Dlpc900Compression how);

struct Dlpc900Header {
    int width = 0;
    int height = 0;
    std::uint32_t encoded_bytes = 0;  // without the header; some hosts count it in
    Dlpc900Compression compression = Dlpc900Compression::none;
};
inline constexpr std::size_t dlpc900_header_bytes = 48;
std::optional<Dlpc900Header> parse_dlpc900_header(std::span<const std::byte> file);
// Nothing if the code is broken, ends early or goes beyond its rows.
std::optional<Dlpc900Picture> parse_dlpc900_file(std::span<const std::byte> file);

}  // namespace opal::protocol
