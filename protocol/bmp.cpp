// Bmp: see bmp.h.
#include "protocol/bmp.h"

#include "protocol/little_endian.h"

#include <algorithm>

namespace opal::protocol {

namespace {

constexpr std::size_t file_header = 14;
constexpr std::size_t info_header = 40;
constexpr std::size_t palette = 8;
constexpr std::uint32_t most_side = 1u << 15;

std::size_t padded_row(std::size_t columns) {
    return (columns + 31) / 32 * 4;
}

}  // namespace

std::vector<std::byte> encode_bmp(const BitImage& image) {
    const std::size_t row = padded_row(static_cast<std::size_t>(image.columns));
    const std::size_t size = row * static_cast<std::size_t>(image.rows);
    constexpr std::size_t head = file_header + info_header + palette;
    std::vector<std::byte> file;
    file.reserve(head + size);
    append_u8(file, 'B');
    append_u8(file, 'M');
    append_le32(file, static_cast<std::uint32_t>(head + size));
    append_le32(file, 0);
    append_le32(file, head);
    append_le32(file, info_header);
    append_le32(file, static_cast<std::uint32_t>(image.columns));
    append_le32(file, static_cast<std::uint32_t>(image.rows));
    append_le16(file, 1);  // planes
    append_le16(file, 1);  // bits per pixel
    append_le32(file, 0);  // not compressed
    append_le32(file, static_cast<std::uint32_t>(size));
    append_le32(file, 0);  // no resolution
    append_le32(file, 0);
    append_le32(file, 2);  // colours
    append_le32(file, 2);
    append_le32(file, 0x00000000);
    append_le32(file, 0x00FFFFFF);
    for (int r = image.rows - 1; r >= 0; --r) {
        const std::uint8_t* const from =
            image.bits.data() + static_cast<std::size_t>(r) * image.row_bytes();
        for (std::size_t b = 0; b < row; ++b) append_u8(file, b < image.row_bytes() ? from[b] : 0u);
    }
    return file;
}

std::optional<BmpHeader> parse_bmp_header(std::span<const std::byte> file) {
    if (file.size() < file_header + info_header) return std::nullopt;
    const std::byte* const at = file.data();
    if (at[0] != std::byte{'B'} || at[1] != std::byte{'M'}) return std::nullopt;
    const std::uint32_t columns = load_le32(at + 18);
    const std::uint32_t rows = load_le32(at + 22);
    const std::uint32_t pixels = load_le32(at + 10);
    if (load_le32(at + 14) < info_header || columns == 0 || rows == 0 || columns > most_side ||
        rows > most_side || pixels > file.size()) {
        return std::nullopt;
    }
    return BmpHeader{static_cast<int>(rows), static_cast<int>(columns), load_le16(at + 28), pixels};
}

std::optional<BitImage> parse_bmp(std::span<const std::byte> file) {
    const auto header = parse_bmp_header(file);
    if (!header || header->depth != 1) return std::nullopt;
    const std::size_t table = file_header + load_le32(file.data() + 14);
    const std::size_t row = padded_row(static_cast<std::size_t>(header->columns));
    if (load_le32(file.data() + 30) != 0 || table > file.size() ||
        table + palette > header->pixels ||
        file.size() - header->pixels < row * static_cast<std::size_t>(header->rows)) {
        return std::nullopt;
    }
    // Whichever colour is the brighter is 1.
    const auto brightness = [&](std::size_t entry) {
        int sum = 0;
        for (std::size_t c = 0; c < 3; ++c)
            sum += std::to_integer<int>(file[table + 4 * entry + c]);
        return sum;
    };
    const unsigned turn = brightness(0) > brightness(1) ? 0xFF : 0;
    BitImage image{header->rows, header->columns, {}};
    image.bits.resize(image.row_bytes() * static_cast<std::size_t>(image.rows));
    const int last_bits = image.columns % 8 == 0 ? 8 : image.columns % 8;
    for (int r = 0; r < image.rows; ++r) {
        const std::byte* const from =
            file.data() + header->pixels + row * static_cast<std::size_t>(image.rows - 1 - r);
        std::uint8_t* const to =
            image.bits.data() + static_cast<std::size_t>(r) * image.row_bytes();
        for (std::size_t b = 0; b < image.row_bytes(); ++b)
            to[b] = static_cast<std::uint8_t>(std::to_integer<unsigned>(from[b]) ^ turn);
        to[image.row_bytes() - 1] =
            static_cast<std::uint8_t>(to[image.row_bytes() - 1] & (0xFF00u >> last_bits));
    }
    return image;
}

}  // namespace opal::protocol
