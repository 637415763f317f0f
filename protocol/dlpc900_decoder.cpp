// Dlpc900Image, the way back: files -> pictures. See dlpc900_image.h.
#include "protocol/dlpc900_image.h"

#include <algorithm>
#include <cstring>

namespace opal::protocol {

namespace {

constexpr std::size_t pixel_bytes = 3;

// Reads codes and writes pixels; stops at the first thing that cannot be.
class Decoder {
public:
    Decoder(std::span<const std::byte> code, bool enhanced, Dlpc900Picture& into)
        : code_(code),
          enhanced_(enhanced),
          width_(static_cast<std::size_t>(into.width)),
          height_(static_cast<std::size_t>(into.height)),
          into_(into) {}

    // True if the picture is whole and its end was marked.
    bool decode() {
        while (good_) {
            const std::size_t count = take_count();
            if (count > 0) {
                repeat(count);
                continue;
            }
            const std::size_t what = take_count();
            if (!good_) return false;
            if (what == 0) {
                end_line();
            } else if (what >= 2) {
                literal(what);
            } else if (!enhanced_) {
                return whole();
            } else {
                const std::size_t copied = take_count();
                if (!good_) return false;
                if (copied == 0) return whole();
                copy_above(copied);
            }
        }
        return false;
    }

private:
    bool whole() const { return good_ && row_ == height_ && column_ == 0; }

    std::size_t take_byte() {
        if (at_ == code_.size()) {
            good_ = false;
            return 0;
        }
        return std::to_integer<std::size_t>(code_[at_++]);
    }
    std::size_t take_count() {
        const std::size_t low = take_byte();
        if (!enhanced_ || low < 128) return low;
        return (low & 127) | take_byte() << 7;
    }
    // Where the next `count` pixels go; null if they do not fit into the row.
    std::byte* room(std::size_t count) {
        if (row_ == height_ || count > width_ - column_) {
            good_ = false;
            return nullptr;
        }
        return into_.pixels.data() + row_ * into_.row_bytes() + pixel_bytes * column_;
    }
    const std::byte* take_pixels(std::size_t count) {
        if (code_.size() - at_ < pixel_bytes * count) {
            good_ = false;
            return nullptr;
        }
        const std::byte* const from = code_.data() + at_;
        at_ += pixel_bytes * count;
        return from;
    }
    void advance(std::size_t count) {
        column_ += count;
        if (column_ == width_) {
            column_ = 0;
            ++row_;
        }
    }
    void repeat(std::size_t count) {
        std::byte* const to = room(count);
        const std::byte* const pixel = good_ ? take_pixels(1) : nullptr;
        if (!good_) return;
        for (std::size_t n = 0; n < count; ++n)
            std::memcpy(to + pixel_bytes * n, pixel, pixel_bytes);
        advance(count);
    }
    void literal(std::size_t count) {
        std::byte* const to = room(count);
        const std::byte* const from = good_ ? take_pixels(count) : nullptr;
        if (!good_) return;
        std::memcpy(to, from, pixel_bytes * count);
        advance(count);
    }
    void copy_above(std::size_t count) {
        std::byte* const to = room(count);
        if (!good_ || row_ == 0) {
            good_ = false;
            return;
        }
        std::memcpy(to, to - into_.row_bytes(), pixel_bytes * count);
        advance(count);
    }
    // Skips what is left of a row; nothing at the beginning of one.
    void end_line() {
        if (column_ > 0) advance(width_ - column_);
        if (enhanced_) return;
        const std::size_t padded = (at_ + 3) / 4 * 4;
        if (padded > code_.size()) good_ = false;
        at_ = padded;
    }

    std::span<const std::byte> code_;
    bool enhanced_;
    std::size_t width_;
    std::size_t height_;
    Dlpc900Picture& into_;
    std::size_t at_ = 0;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    bool good_ = true;
};

}  // namespace

std::optional<Dlpc900Picture> parse_dlpc900_file(std::span<const std::byte> file) {
    const auto header = parse_dlpc900_header(file);
    if (!header) return std::nullopt;
    const std::span<const std::byte> code = file.subspan(dlpc900_header_bytes);
    Dlpc900Picture picture{header->width, header->height, {}};
    const std::size_t row = picture.row_bytes();
    const auto height = static_cast<std::size_t>(picture.height);
    picture.pixels.resize(row * height);
    if (header->compression == Dlpc900Compression::none) {
        const std::size_t padded = (row + 15) / 16 * 16;
        if (code.size() < padded * height) return std::nullopt;
        for (std::size_t r = 0; r < height; ++r)
            std::memcpy(picture.pixels.data() + r * row, code.data() + r * padded, row);
        return picture;
    }
    const bool enhanced = header->compression == Dlpc900Compression::enhanced;
    if (!Decoder(code, enhanced, picture).decode()) return std::nullopt;
    return picture;
}

}  // namespace opal::protocol
