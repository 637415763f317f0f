// Png: pictures inside the report. 8-bit RGB, written with zlib [PNG, W3C Recommendation 2003].
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace opal::cli {

struct Rgb {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
};

// pixels: (rows, columns), row-major.
std::string encode_png(int rows, int columns, std::span<const Rgb> pixels);

// [RFC 4648, section 4]
std::string base64(std::string_view bytes);

}  // namespace opal::cli
