// Cobolt: the line protocol of Cobolt (Hubner) lasers of the families 04, 05, 06 and 08, over USB
// CDC or RS-232, 115200 8N1 [Cobolt 04-01 owner's manual D0105-A; pycobolt].
//
//   host    70 20 30 2E 30 32 35 30 0D      p 0.0250 CR        set point, watts
//   device  4F 4B 0D 0A                     OK CR LF
//   host    69 6C 6B 3F 0D                  ilk? CR            interlock
//   device  30 0D 0A                        0 CR LF            closed
//
// One reply line per command: a value, "OK", or a refusal in words. Some units repeat the command
// first. Commands are lower case. Power is in watts on every family, here and in "pa?" (measured);
// "gmlp?" is in milliwatts on the 06 and in watts on the 05.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace opal::protocol {

struct CoboltCommand {
    std::string name;      // "p", "ilk?"
    std::string argument;  // may be empty
    bool operator==(const CoboltCommand&) const = default;
};
std::string encode(const CoboltCommand& command);  // CR included
// Of a line without its end. Nothing if it is empty or holds other than printable ASCII.
std::optional<CoboltCommand> parse_cobolt_command(std::string_view line);

enum class CoboltAnswer {
    ok,
    value,
    refused,  // a text with "error", "illegal" or "invalid"
    empty,    // happens; ask once more
};
struct CoboltReply {
    CoboltAnswer answer = CoboltAnswer::empty;
    std::string text;  // of value and refused
    bool operator==(const CoboltReply&) const = default;
};
std::string encode(const CoboltReply& reply);  // CR LF included
CoboltReply parse_cobolt_reply(std::string_view line);

// "gom?" counts differently in each family.
enum class CoboltFamily { mld_06, dpl, gen_05 };
enum class CoboltState {
    off,
    waiting,  // for the key, a supply or the remote control: no light yet
    heating,  // waiting for temperatures: light comes when they are reached
    warming_up,
    on,
    fault,
    aborted,
    standby,
};
std::optional<CoboltState> cobolt_state(CoboltFamily family, int code);
// In words, with what to do: "waiting for the key: turn it off and on". Empty: unknown code.
std::string_view cobolt_state_text(CoboltFamily family, int code);
// "f?": "none" for 0; empty: unknown code.
std::string_view cobolt_fault_text(int code);

}  // namespace opal::protocol
