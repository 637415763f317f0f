// Literals of a description: numbers as cameras write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace opal::drivers::genapi {

// Digits, hexadecimal with 0x or decimal; nothing if `text` is no such number.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);
std::string_view trimmed(std::string_view text);

}  // namespace opal::drivers::genapi
