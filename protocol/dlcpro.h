// DlcPro: the command line (TCP 1998) and monitoring line (TCP 1999) of Toptica DLC pro
// controllers: parameters in brackets [DLC pro command reference 3.5, as quoted by open clients].
//
//   device  ... 0A 3E 20                                     a banner, LF, the prompt "> "
//   host    (param-ref 'laser1:dl:cc:enabled) LF
//   device  23 74 0A 3E 20                                   #t LF, the prompt
//   host    (param-set! 'laser1:dl:cc:current-set 85.5) LF
//   device  30 0A 3E 20                                      0: done; above: warning, 2: clipped
//   device  Error: -3 ... LF, the prompt                     no such parameter
//
//   monitoring, no prompt:  (add 'name 100) LF -> (2024-01-01T12:00:00.000Z 'name #f) LF
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opal::protocol {

// (): nothing; #t and #f; an integer; a real, always written with a point; a text in quotes.
using DlcValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
std::string format_dlc_value(const DlcValue& value);
std::optional<DlcValue> parse_dlc_value(std::string_view text);

enum class DlcVerb { param_ref, param_set, exec, add, remove, remove_all };
struct DlcCommand {
    DlcVerb verb = DlcVerb::param_ref;
    std::string name;                 // without the quote mark; empty for remove_all
    std::vector<DlcValue> arguments;  // the value set; the interval in ms
    bool operator==(const DlcCommand&) const = default;
};
std::string encode(const DlcCommand& command);  // LF included
// Of a line without its end; nothing if it is none of these forms.
std::optional<DlcCommand> parse_dlc_command(std::string_view line);

struct DlcError {
    int code = 0;
    std::string text;
    bool operator==(const DlcError&) const = default;
};
using DlcReply = std::variant<DlcValue, DlcError>;
std::string encode(const DlcReply& reply);  // LF and prompt included
// Of a reply's line; nothing if it is neither a value nor an error.
std::optional<DlcReply> parse_dlc_reply(std::string_view line);

struct DlcEvent {
    std::string time;  // "2024-01-01T12:00:00.000Z"
    std::string name;
    DlcReply reply;
    bool operator==(const DlcEvent&) const = default;
};
std::string encode(const DlcEvent& event);  // LF included
std::optional<DlcEvent> parse_dlc_event(std::string_view line);

// Collects what comes before each prompt: "\n> ", or "> " as the very first bytes.
class DlcPromptReader {
public:
    explicit DlcPromptReader(std::size_t longest = 65536) : longest_(longest) {}
    void add(std::span<const std::byte> bytes);
    std::optional<std::string> next();  // the oldest complete answer, prompt and last LF taken off
    bool overflowed() const { return overflowed_; }  // more than `longest` bytes without a prompt
    void clear();

private:
    std::size_t longest_;
    std::string text_;
    std::deque<std::string> answers_;
    bool overflowed_ = false;
};

}  // namespace opal::protocol
