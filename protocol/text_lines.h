// LineSplitter: bytes of a line protocol -> lines, however they were cut up on the way.
//
// CR, LF and CR LF each end one line. A line longer than the limit is not delivered in part: it is
// dropped and `overflowed` says so until clear().
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opal::protocol {

class LineSplitter {
public:
    explicit LineSplitter(std::size_t longest = 4096) : longest_(longest) {}

    void add(std::span<const std::byte> bytes);
    std::optional<std::string> next();  // the oldest complete line, without its end
    std::string_view unfinished() const { return line_; }
    bool overflowed() const { return overflowed_; }
    void clear();

private:
    void end_line();

    std::size_t longest_;
    std::deque<std::string> lines_;
    std::string line_;
    bool after_cr_ = false;
    bool dropping_ = false;
    bool overflowed_ = false;
};

// The bytes of a text, as links take them.
inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

// A decimal number and nothing else: "0.0250", "-3", "1e-3".
std::optional<double> parse_number(std::string_view text);
// With this many digits after the point, in the C locale.
std::string format_number(double value, int decimals);

std::string_view trimmed(std::string_view text);  // without blanks at either end

}  // namespace opal::protocol
