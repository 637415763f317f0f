// Obis: see obis.h.
#include "protocol/obis.h"

#include "protocol/text_lines.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>

namespace opal::protocol {

namespace {

char upper(char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

std::string in_upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), upper);
    return result;
}

// The word up to the next colon, taken off the front of `text`.
std::string_view take_word(std::string_view& text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view word = text.substr(0, colon);
    text.remove_prefix(std::min(colon + 1, text.size()));
    return word;
}

bool word_means(std::string_view word, std::string_view pattern) {
    const auto is_short = [](char c) { return c < 'a' || c > 'z'; };
    const std::string brief(pattern.begin(),
                            std::find_if_not(pattern.begin(), pattern.end(), is_short));
    return word == brief || word == in_upper(pattern);
}

}  // namespace

std::string encode(const ObisCommand& command) {
    std::string line = command.header;
    if (command.query) line += '?';
    if (!command.argument.empty()) line += ' ' + command.argument;
    return line + "\r\n";
}

std::optional<ObisCommand> parse_obis_command(std::string_view line) {
    line = trimmed(line);
    const bool printable =
        std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (line.empty() || !printable) return std::nullopt;
    ObisCommand command;
    const std::size_t end = std::min(line.find_first_of(" ?"), line.size());
    command.header = in_upper(line.substr(0, end));
    line.remove_prefix(end);
    if (!line.empty() && line.front() == '?') {
        command.query = true;
        line.remove_prefix(1);
    }
    command.argument = std::string(trimmed(line));
    return command;
}

bool means(std::string_view header, std::string_view pattern) {
    while (!header.empty() && !pattern.empty())
        if (!word_means(take_word(header), take_word(pattern))) return false;
    return header.empty() && pattern.empty();
}

std::string encode(const ObisLine& line) {
    switch (line.answer) {
        case ObisAnswer::ok:
            return "OK\r\n";
        case ObisAnswer::error:
            return "ERR" + std::to_string(line.error) + "\r\n";
        case ObisAnswer::value:
            break;
    }
    return line.text + "\r\n";
}

ObisLine parse_obis_line(std::string_view line) {
    line = trimmed(line);
    if (line == "OK") return {ObisAnswer::ok, {}, 0};
    if (line.substr(0, 3) == "ERR") {  // "ERR-100" and "ERR510"
        int code = 0;
        const char* const end = line.data() + line.size();
        const auto parsed = std::from_chars(line.data() + 3, end, code);
        if (parsed.ec == std::errc{} && parsed.ptr == end) return {ObisAnswer::error, {}, code};
    }
    return {ObisAnswer::value, std::string(line), 0};
}

std::string_view obis_error_text(int code) {
    switch (code) {
        case -100:
            return "unrecognised command";
        case -102:
            return "syntax error";
        case -109:
            return "missing parameter";
        case -200:
            return "it could not be done now";
        case -203:
            return "protected command";
        case -220:
            return "invalid parameter";
        case -221:
            return "in conflict with other settings";
        case -241:
            return "this laser has no such function";
        case -310:
            return "unexpected system error";
        case -350:
            return "its queue of errors is full";
        case -400:
            return "a query cannot be broadcast";
        case 500:
        case 510:
        case 520:
        case 900:
            return "error of the controller";
        default:
            return {};
    }
}

std::optional<std::uint32_t> parse_obis_word(std::string_view text) {
    std::uint32_t word = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, word, 16);
    if (text.size() != 8 || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return word;
}

std::string format_obis_word(std::uint32_t word) {
    std::string text;
    for (int digit = 7; digit >= 0; --digit) text += "0123456789ABCDEF"[word >> 4 * digit & 0xF];
    return text;
}

std::string obis_fault_text(std::uint32_t faults) {
    constexpr std::array<std::string_view, 21> names{"base temperature",
                                                     "diode temperature",
                                                     "internal temperature",
                                                     "supply voltage",
                                                     "I2C",
                                                     "over-current",
                                                     "checksum",
                                                     "settings checksum",
                                                     "buffer",
                                                     "warm-up limit",
                                                     "temperature control",
                                                     "RS-485",
                                                     "diode limit",
                                                     "ready",
                                                     "photodiode",
                                                     "fatal",
                                                     "start-up",
                                                     "watchdog",
                                                     "field calibration",
                                                     "",
                                                     "over-power"};
    std::string text;
    for (std::size_t bit = 0; bit < 32; ++bit) {
        if ((faults >> bit & 1) == 0) continue;
        if (!text.empty()) text += ", ";
        const bool named = bit < names.size() && !names[bit].empty();
        text += named ? std::string(names[bit]) : "fault bit " + std::to_string(bit);
    }
    return text;
}

}  // namespace opal::protocol
