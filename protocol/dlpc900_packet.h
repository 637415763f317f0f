// Dlpc900Packet: commands of the TI DLPC900 as 64-byte USB reports [TI DLPU018].
//
//   flags u8 | sequence u8 | length u16 | command u16 | data ...        host -> device
//   flags u8 | sequence u8 | length u16 | data ...                      device -> host
//
//   flags: 80 read, 40 the host wants a reply, 20 (set by the device) refused
//   length: of command word and data; of data alone in a reply. Little-endian.
//
//   C0 02 02 00 0A 1A  ->  C0 02 01 00 01        read hardware status: initialised
//
// What does not fit goes on in further reports, without a header; the last is padded with zeros.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace opal::protocol {

inline constexpr std::size_t dlpc900_report_bytes = 64;
inline constexpr std::size_t dlpc900_most_data = 512 - 6;  // one command buffer of 512 bytes
using Dlpc900Report = std::array<std::byte, dlpc900_report_bytes>;

struct Dlpc900Command {
    bool read = false;
    bool reply_wanted = true;  // of a write; a read always has one
    std::uint8_t sequence = 0;
    std::uint16_t word = 0;  // 0x1A1B
    std::vector<std::byte> data;
    bool operator==(const Dlpc900Command&) const = default;
};
std::vector<Dlpc900Report> encode(const Dlpc900Command& command);

struct Dlpc900Reply {
    bool read = false;
    bool refused = false;
    std::uint8_t sequence = 0;
    std::vector<std::byte> data;
    bool operator==(const Dlpc900Reply&) const = default;
};
std::vector<Dlpc900Report> encode(const Dlpc900Reply& reply);

// Reports -> commands, in the device. A length beyond the buffer drops the report.
class Dlpc900CommandReader {
public:
    std::optional<Dlpc900Command> take(std::span<const std::byte> report);

private:
    std::vector<std::byte> bytes_;  // of the command under way, header included
    std::size_t whole_ = 0;         // its size; 0: none
};
// Reports -> replies, in the host.
class Dlpc900ReplyReader {
public:
    std::optional<Dlpc900Reply> take(std::span<const std::byte> report);
    void clear() { whole_ = 0; }

private:
    std::vector<std::byte> bytes_;
    std::size_t whole_ = 0;
};

// What read 0x0100 answers, in words; empty: undefined.
std::string_view dlpc900_error_text(int code);

}  // namespace opal::protocol
