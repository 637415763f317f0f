// Dlpc900Image: packing, encoders, header. The decoder is in dlpc900_decoder.cpp.
#include "protocol/dlpc900_image.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace opal::protocol {

namespace {

constexpr std::size_t pixel_bytes = 3;
constexpr std::size_t most_enhanced = 32767;
constexpr std::size_t most_plain = 255;

// Bit j of byte i -> bit i of byte j [Warren 2013, section 7-3].
std::uint64_t transposed(std::uint64_t x) {
    std::uint64_t t = (x ^ x >> 7) & 0x00AA00AA00AA00AAu;
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & 0x0000CCCC0000CCCCu;
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & 0x00000000F0F0F0F0u;
    return x ^ t ^ t << 28;
}

// How many bytes from `a` and `b` on are equal, at most `most`.
std::size_t equal_bytes(const std::byte* a, const std::byte* b, std::size_t most) {
    std::size_t n = 0;
    for (; n + 8 <= most; n += 8) {
        std::uint64_t x = 0;
        std::uint64_t y = 0;
        std::memcpy(&x, a + n, 8);
        std::memcpy(&y, b + n, 8);
        if (x != y) return n + static_cast<std::size_t>(std::countr_zero(x ^ y)) / 8;
    }
    while (n < most && a[n] == b[n]) ++n;
    return n;
}

void append(std::vector<std::byte>& to, const std::byte* from, std::size_t bytes) {
    to.insert(to.end(), from, from + bytes);
}

void append_count(std::vector<std::byte>& to, std::size_t n, bool enhanced) {
    if (!enhanced || n < 128) {
        append_u8(to, static_cast<std::uint32_t>(n));
    } else {
        append_u8(to, static_cast<std::uint32_t>((n & 127) | 128));
        append_u8(to, static_cast<std::uint32_t>(n >> 7));
    }
}

void append_padding(std::vector<std::byte>& to, std::size_t multiple) {
    while (to.size() % multiple != 0) append_u8(to, 0);
}

// One row, greedily: a copy of the row above where it is as long as the run, else the run, and what
// neither saves as it is.
class RowCoder {
public:
    RowCoder(const std::byte* row, const std::byte* above, std::size_t width, bool enhanced,
             std::vector<std::byte>& to)
        : row_(row),
          above_(above),
          width_(width),
          enhanced_(enhanced),
          most_(enhanced ? most_enhanced : most_plain),
          to_(to) {}

    void encode() {
        while (at_ < width_) {
            const std::size_t left = width_ - at_;
            const std::size_t copy = above_ != nullptr ? same_as_above(left) : 0;
            const std::size_t run = copy == left ? 0 : run_length(left);
            if (copy >= 2 && copy >= run) {
                end_literal();
                append_u8(to_, 0);
                append_u8(to_, 1);
                append_count(to_, copy, true);
                take(copy);
            } else if (run >= 3) {
                end_literal();
                append_run(run);
                take(run);
            } else {
                ++at_;  // joins the literal
                if (at_ - literal_ == most_) end_literal();
            }
        }
        end_literal();
    }

private:
    const std::byte* pixel(std::size_t n) const { return row_ + pixel_bytes * n; }
    std::size_t same_as_above(std::size_t left) const {
        const std::size_t offset = pixel_bytes * at_;
        const std::size_t same = equal_bytes(row_ + offset, above_ + offset, pixel_bytes * left);
        return std::min(same / pixel_bytes, most_);
    }
    std::size_t run_length(std::size_t left) const {
        const std::size_t more =
            equal_bytes(pixel(at_), pixel(at_ + 1), pixel_bytes * (left - 1)) / pixel_bytes;
        return std::min(1 + more, most_);
    }
    void append_run(std::size_t count) {
        append_count(to_, count, enhanced_);
        append(to_, pixel(at_), pixel_bytes);
    }
    void take(std::size_t count) {
        at_ += count;
        literal_ = at_;
    }
    void end_literal() {
        const std::size_t count = at_ - literal_;
        if (count == 1) {  // "00 01" means something else
            append_count(to_, 1, enhanced_);
        } else if (count > 1) {
            append_u8(to_, 0);
            append_count(to_, count, enhanced_);
        }
        append(to_, pixel(literal_), pixel_bytes * count);
        literal_ = at_;
    }

    const std::byte* row_;
    const std::byte* above_;
    std::size_t width_;
    bool enhanced_;
    std::size_t most_;
    std::vector<std::byte>& to_;
    std::size_t at_ = 0;
    std::size_t literal_ = 0;  // pixels [literal_, at_) are still to be written as they are
};

}  // namespace

void pack_planes(const Dlpc900PlaneRows& planes, int width, std::span<std::byte> row) {
    assert(row.size() == pixel_bytes * static_cast<std::size_t>(width));
    for (std::size_t group = 0; group < pixel_bytes; ++group) {
        const std::size_t byte = pixel_bytes - 1 - group;  // planes 0-7 are the last byte
        const bool dark = std::all_of(planes.begin() + static_cast<std::ptrdiff_t>(8 * group),
                                      planes.begin() + static_cast<std::ptrdiff_t>(8 * group + 8),
                                      [](const std::uint64_t* plane) { return plane == nullptr; });
        for (int column = 0; column < width; column += 8) {
            std::uint64_t bits = 0;  // byte i: eight columns of plane i
            for (std::size_t i = 0; i < 8 && !dark; ++i) {
                const std::uint64_t* const plane = planes[8 * group + i];
                if (plane == nullptr) continue;
                bits |= (plane[column / 64] >> column % 64 & 0xFF) << 8 * i;
            }
            const std::uint64_t pixels = dark ? 0 : transposed(bits);
            const int count = std::min(8, width - column);
            for (int c = 0; c < count; ++c)
                row[pixel_bytes * static_cast<std::size_t>(column + c) + byte] =
                    static_cast<std::byte>(pixels >> 8 * c & 0xFF);
        }
    }
}

void pack_planes_plain(const Dlpc900PlaneRows& planes, int width, std::span<std::byte> row) {
    assert(row.size() == pixel_bytes * static_cast<std::size_t>(width));
    std::fill(row.begin(), row.end(), std::byte{0});
    for (int column = 0; column < width; ++column)
        for (std::size_t k = 0; k < planes.size(); ++k)
            if (planes[k] != nullptr && (planes[k][column / 64] >> column % 64 & 1) != 0)
                row[pixel_bytes * static_cast<std::size_t>(column) + 2 - k / 8] |=
                    static_cast<std::byte>(1u << k % 8);
}

std::uint32_t planes_at(const Dlpc900Picture& picture, int row, int column) {
    const std::byte* const at = picture.pixels.data() +
                                static_cast<std::size_t>(row) * picture.row_bytes() +
                                pixel_bytes * static_cast<std::size_t>(column);
    return std::to_integer<std::uint32_t>(at[0]) << 16 |
           std::to_integer<std::uint32_t>(at[1]) << 8 | std::to_integer<std::uint32_t>(at[2]);
}

std::vector<std::byte> compress(const Dlpc900Picture& picture, Dlpc900Compression how) {
    const std::size_t row_bytes = picture.row_bytes();
    const auto height = static_cast<std::size_t>(picture.height);
    std::vector<std::byte> code;
    for (std::size_t r = 0; r < height; ++r) {
        const std::byte* const row = picture.pixels.data() + r * row_bytes;
        if (how == Dlpc900Compression::none) {
            append(code, row, row_bytes);
            append_padding(code, 16);
            continue;
        }
        const bool enhanced = how == Dlpc900Compression::enhanced;
        const std::byte* const above = enhanced && r > 0 ? row - row_bytes : nullptr;
        RowCoder(row, above, static_cast<std::size_t>(picture.width), enhanced, code).encode();
        if (!enhanced && r + 1 < height) {
            append_u8(code, 0);
            append_u8(code, 0);
            append_padding(code, 4);
        }
    }
    if (how == Dlpc900Compression::none) return code;
    append_u8(code, 0);
    append_u8(code, 1);
    if (how == Dlpc900Compression::enhanced)
        append_u8(code, 0);
    else
        append_padding(code, 16);
    return code;
}

std::vector<std::byte> encode(const Dlpc900Picture& picture, Dlpc900Compression how) {
    const std::vector<std::byte> code = compress(picture, how);
    std::vector<std::byte> file;
    file.reserve(dlpc900_header_bytes + code.size());
    for (const char c : {'S', 'p', 'l', 'd'}) append_u8(file, static_cast<unsigned char>(c));
    append_le16(file, static_cast<std::uint32_t>(picture.width));
    append_le16(file, static_cast<std::uint32_t>(picture.height));
    append_le32(file, static_cast<std::uint32_t>(code.size()));
    append_le32(file, 0xFFFFFFFF);
    append_le32(file, 0xFFFFFFFF);
    append_le32(file, 0);
    append_u8(file, 1);
    append_u8(file, static_cast<std::uint32_t>(how));
    append_u8(file, 1);
    append_le16(file, 0);
    append_u8(file, 1);
    file.resize(dlpc900_header_bytes);
    append(file, code.data(), code.size());
    return file;
}

std::vector<std::byte> encode_smallest(const Dlpc900Picture& picture) {
    std::vector<std::byte> best = encode(picture, Dlpc900Compression::enhanced);
    // The plain code wins only by rows shorter than a copy from above; raw, when nothing repeats.
    const std::size_t raw = dlpc900_header_bytes + (picture.row_bytes() + 15) / 16 * 16 *
                                                       static_cast<std::size_t>(picture.height);
    if (best.size() >= raw) best = encode(picture, Dlpc900Compression::none);
    return best;
}

std::optional<Dlpc900Header> parse_dlpc900_header(std::span<const std::byte> file) {
    if (file.size() < dlpc900_header_bytes || std::memcmp(file.data(), "Spld", 4) != 0)
        return std::nullopt;
    const auto compression = std::to_integer<std::uint8_t>(file[25]);
    const int width = load_le16(&file[4]);
    const int height = load_le16(&file[6]);
    if (compression > 2 || width == 0 || height == 0 || width > 4096 || height > 4096)
        return std::nullopt;
    return Dlpc900Header{width, height, load_le32(&file[8]),
                         static_cast<Dlpc900Compression>(compression)};
}

}  // namespace opal::protocol
