// Png: chunks, checksums and the deflated rows of an image. See png.h.
#include "cli/report/png.h"

#include <zlib.h>

#include <cassert>
#include <stdexcept>

namespace opal::cli {

namespace {

std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

// length, type, data, checksum of type and data
void append_chunk(std::string& png, std::string_view type, std::string_view data) {
    png += big_endian(static_cast<std::uint32_t>(data.size()));
    std::string body(type);
    body += data;
    png += body;
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    png += big_endian(static_cast<std::uint32_t>(sum));
}

std::string compressed(std::string_view raw) {
    uLongf size = compressBound(static_cast<uLong>(raw.size()));
    std::string out(size, '\0');
    if (compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                  reinterpret_cast<const Bytef*>(raw.data()), static_cast<uLong>(raw.size()),
                  Z_BEST_COMPRESSION) != Z_OK) {
        throw std::runtime_error("cannot compress a picture: out of memory");
    }
    out.resize(size);
    return out;
}

}  // namespace

std::string encode_png(int rows, int columns, std::span<const Rgb> pixels) {
    assert(rows > 0 && columns > 0);
    assert(pixels.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    std::string raw;
    raw.reserve(pixels.size() * 3 + static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        if (i % static_cast<std::size_t>(columns) == 0) raw += '\0';  // filter: none
        raw += static_cast<char>(pixels[i].red);
        raw += static_cast<char>(pixels[i].green);
        raw += static_cast<char>(pixels[i].blue);
    }
    std::string png = "\x89PNG\r\n\x1a\n";
    // 8 bits per sample, colour type 2 (RGB), deflate, no filter method, not interlaced.
    append_chunk(png, "IHDR",
                 big_endian(static_cast<std::uint32_t>(columns)) +
                     big_endian(static_cast<std::uint32_t>(rows)) +
                     std::string("\x08\x02\0\0\0", 5));
    append_chunk(png, "IDAT", compressed(raw));
    append_chunk(png, "IEND", {});
    return png;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const bool there = i + k < bytes.size();
            group = group << 8 | (there ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            const bool there = i + k <= bytes.size();
            text += there ? digits[group >> (18 - 6 * k) & 63U] : '=';
        }
    }
    return text;
}

}  // namespace opal::cli
