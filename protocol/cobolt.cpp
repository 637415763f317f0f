// Cobolt: see cobolt.h.
#include "protocol/cobolt.h"

#include "protocol/text_lines.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>

namespace opal::protocol {

namespace {

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

struct State {
    CoboltState state;
    std::string_view text;
};

constexpr std::string_view key = "waiting for the key: turn it off and on again";
constexpr std::array<State, 7> mld_06{{
    {CoboltState::off, "off"},
    {CoboltState::waiting, key},
    {CoboltState::on, "on"},
    {CoboltState::on, "on, on/off modulation"},
    {CoboltState::on, "on, modulation"},
    {CoboltState::fault, "fault"},
    {CoboltState::aborted, "aborted"},
}};
constexpr std::array<State, 8> dpl{{
    {CoboltState::off, "off"},
    {CoboltState::waiting, key},
    {CoboltState::waiting, "waiting for the 5 V supply"},
    {CoboltState::warming_up, "warming up"},
    {CoboltState::on, "on"},
    {CoboltState::fault, "fault"},
    {CoboltState::aborted, "aborted"},
    {CoboltState::on, "on, modulation"},
}};
constexpr std::array<State, 9> gen_05{{
    {CoboltState::off, "off"},
    {CoboltState::heating, "waiting for temperatures"},
    {CoboltState::waiting, key},
    {CoboltState::warming_up, "warming up"},
    {CoboltState::on, "on"},
    {CoboltState::fault, "fault"},
    {CoboltState::aborted, "aborted"},
    {CoboltState::waiting, "waiting for the remote control"},
    {CoboltState::standby, "standby"},
}};

const State* find_state(CoboltFamily family, int code) {
    const auto states = family == CoboltFamily::mld_06 ? std::span<const State>(mld_06)
                        : family == CoboltFamily::dpl  ? std::span<const State>(dpl)
                                                       : std::span<const State>(gen_05);
    if (code < 0 || static_cast<std::size_t>(code) >= states.size()) return nullptr;
    return &states[static_cast<std::size_t>(code)];
}

}  // namespace

std::string encode(const CoboltCommand& command) {
    std::string line = command.name;
    if (!command.argument.empty()) line += ' ' + command.argument;
    return line + '\r';
}

std::optional<CoboltCommand> parse_cobolt_command(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || !printable(line)) return std::nullopt;
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return CoboltCommand{std::string(line), {}};
    return CoboltCommand{std::string(line.substr(0, blank)),
                         std::string(trimmed(line.substr(blank)))};
}

std::string encode(const CoboltReply& reply) {
    return (reply.answer == CoboltAnswer::ok ? "OK" : reply.text) + "\r\n";
}

CoboltReply parse_cobolt_reply(std::string_view line) {
    line = trimmed(line);
    if (line.empty()) return {};
    if (line == "OK") return {CoboltAnswer::ok, {}};
    std::string lower(line);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const std::string_view word : {"error", "illegal", "invalid"})
        if (lower.find(word) != std::string::npos)
            return {CoboltAnswer::refused, std::string(line)};
    return {CoboltAnswer::value, std::string(line)};
}

std::optional<CoboltState> cobolt_state(CoboltFamily family, int code) {
    const State* const known = find_state(family, code);
    return known != nullptr ? std::optional(known->state) : std::nullopt;
}

std::string_view cobolt_state_text(CoboltFamily family, int code) {
    const State* const known = find_state(family, code);
    return known != nullptr ? known->text : std::string_view();
}

std::string_view cobolt_fault_text(int code) {
    switch (code) {
        case 0:
            return "none";
        case 1:
            return "a temperature is out of range";
        case 3:
            return "the interlock is open";
        case 4:
            return "the power cannot be held: the current is at its limit";
        default:
            return {};
    }
}

}  // namespace opal::protocol
