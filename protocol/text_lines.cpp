// LineSplitter: see text_lines.h.
#include "protocol/text_lines.h"

#include <charconv>
#include <cmath>

namespace opal::protocol {

void LineSplitter::add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) {
        const char c = static_cast<char>(b);
        if (c == '\n' && after_cr_) {
            after_cr_ = false;
        } else if (c == '\r' || c == '\n') {
            after_cr_ = c == '\r';
            end_line();
        } else {
            after_cr_ = false;
            if (line_.size() == longest_) {
                dropping_ = true;
                overflowed_ = true;
            }
            if (!dropping_) line_.push_back(c);
        }
    }
}

void LineSplitter::end_line() {
    if (!dropping_) lines_.push_back(std::move(line_));
    line_.clear();
    dropping_ = false;
}

std::optional<std::string> LineSplitter::next() {
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

void LineSplitter::clear() {
    lines_.clear();
    line_.clear();
    after_cr_ = dropping_ = overflowed_ = false;
}

std::optional<double> parse_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string format_number(double value, int decimals) {
    char digits[400];  // the largest double has 309 before the point
    const auto end =
        std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, decimals);
    return end.ec == std::errc{} ? std::string(digits, end.ptr) : std::string();
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace opal::protocol
