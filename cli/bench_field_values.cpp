// Values of bench files: see bench_field_values.h.
#include "cli/bench_field_values.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

namespace opal::cli {

std::optional<double> number(const std::string& text) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<hal::Duration> whole_us(const std::string& text, int least, int most) {
    const auto us = number(text);
    if (!us || *us < least || *us > most || *us != std::floor(*us)) return std::nullopt;
    return std::chrono::microseconds(static_cast<std::int64_t>(*us));
}

std::string text_in_us(const std::optional<hal::Duration>& span) {
    return span ? fmt::format("{}", *span / std::chrono::microseconds(1)) : std::string();
}

std::optional<bool> is_second(const std::string& text, std::string_view first,
                              std::string_view second) {
    if (text != first && text != second) return std::nullopt;
    return text == second;
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace opal::cli
