// Obis: the SCPI lines of Coherent OBIS LX and LS lasers over USB CDC or RS-485 [Coherent OBIS
// LX/LS operator's manual 1184163].
//
//   host    SOUR:POW:LEV? CR LF
//   device  0.01998 CR LF OK CR LF          a value line, then OK
//   host    SOUR:AM:STAT ON CR LF
//   device  OK CR LF
//   device  ERR-100 CR LF                   instead of OK
//
// This holds with handshaking on (SYST:COMM:HAND ON), which whoever opens the laser sets. Power is
// in watts. Long and short forms of every word are taken, in either case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opal::protocol {

struct ObisCommand {
    std::string header;  // "SOUR:POW:LEV"
    bool query = false;
    std::string argument;
    bool operator==(const ObisCommand&) const = default;
};
std::string encode(const ObisCommand& command);  // CR LF included
// Of a line without its end; the header comes back in upper case. Nothing if it is empty or holds
// other than printable ASCII.
std::optional<ObisCommand> parse_obis_command(std::string_view line);
// Whether a received header means `pattern`, whose words are written with their short form in upper
// case: "SOURce:POWer:LEVel" is meant by "SOUR:POW:LEV", "SOURCE:POW:LEVEL" and so on.
bool means(std::string_view header, std::string_view pattern);

enum class ObisAnswer { ok, error, value };
struct ObisLine {
    ObisAnswer answer = ObisAnswer::value;
    std::string text;  // of value
    int error = 0;     // -100, 510
    bool operator==(const ObisLine&) const = default;
};
std::string encode(const ObisLine& line);  // CR LF included
ObisLine parse_obis_line(std::string_view line);
std::string_view obis_error_text(int code);  // empty: unknown

// SYST:STAT?, eight hexadecimal digits.
namespace obis_status {
inline constexpr std::uint32_t fault = 1u << 0, emission = 1u << 1, ready = 1u << 2,
                               standby = 1u << 3, cdrh_delay = 1u << 4, hardware_fault = 1u << 5,
                               error_queued = 1u << 6, warm_up = 1u << 8, external_mode = 1u << 10,
                               twelve_volts = 1u << 12, key_off = 1u << 25,
                               interlock_open = 1u << 26, enumerated = 1u << 27,
                               controller_error = 1u << 28, controller_fault = 1u << 29,
                               remote_active = 1u << 30, controller = 1u << 31;
}  // namespace obis_status
std::optional<std::uint32_t> parse_obis_word(std::string_view text);
std::string format_obis_word(std::uint32_t word);
// SYST:FAUL?: all faults in words, separated by commas.
std::string obis_fault_text(std::uint32_t faults);

}  // namespace opal::protocol
