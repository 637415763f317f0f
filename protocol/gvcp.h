// GVCP datagrams: the GigE Vision control protocol's headers, commands and status codes. Stands
// between a UDP port and the messages of gvcp_messages.h, on both sides of the wire.
//
//   command   42 01 00 80 00 04 FF 37 | payload     READREG, asks for an acknowledge
//             key, flags, command u16, length u16, request id u16
//   ack       00 00 00 81 00 04 FF 37 | payload
//             status u16, command + 1 u16, length u16, request id u16
//
// All fields are big-endian [GigE Vision 2.2, sections 15 and 18]. Rule: nothing here throws or
// reads past its span; a datagram that cannot be one is nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace opal::protocol::gvcp {

inline constexpr std::uint16_t device_port = 3956;
inline constexpr std::size_t header_size = 8;
// A control datagram fits into 576 bytes of IP: 20 of IP, 8 of UDP, 8 of header.
inline constexpr std::size_t largest_payload = 540;
inline constexpr std::size_t largest_datagram = header_size + largest_payload;
inline constexpr std::size_t largest_memory = largest_payload - 4;  // after the address

enum class Command : std::uint16_t {
    discovery = 0x0002,
    force_ip = 0x0004,
    packet_resend = 0x0040,
    read_register = 0x0080,
    write_register = 0x0082,
    read_memory = 0x0084,
    write_memory = 0x0086,
    pending = 0x0088,  // never sent; its acknowledge 0x0089 asks for patience
    event = 0x00C0,
    event_data = 0x00C2,
    action = 0x0100,
};

constexpr std::uint16_t ack_of(Command command) {
    return static_cast<std::uint16_t>(static_cast<std::uint16_t>(command) + 1u);
}

enum class Status : std::uint16_t {
    success = 0x0000,
    packet_resend = 0x0100,  // of a stream packet sent again; no error
    not_implemented = 0x8001,
    invalid_parameter = 0x8002,
    invalid_address = 0x8003,
    write_protect = 0x8004,
    bad_alignment = 0x8005,
    access_denied = 0x8006,
    busy = 0x8007,
    local_problem = 0x8008,
    message_mismatch = 0x8009,
    invalid_protocol = 0x800A,
    no_message = 0x800B,
    packet_unavailable = 0x800C,
    data_overrun = 0x800D,
    invalid_header = 0x800E,
    wrong_config = 0x800F,
    packet_not_yet_available = 0x8010,
    packet_and_previous_removed = 0x8011,
    packet_removed = 0x8012,
    no_reference_time = 0x8013,
    temporarily_unavailable = 0x8014,
    overflow = 0x8015,
    action_late = 0x8016,
    leader_trailer_overflow = 0x8017,
    error = 0x8FFF,
};

std::string_view to_string(Status status);  // for people; "unknown status" if not listed above

// Flags of a command. 0x10 means two things, depending on the command.
inline constexpr std::uint8_t flag_ack = 0x01;
inline constexpr std::uint8_t flag_broadcast_ack = 0x10;  // DISCOVERY, FORCEIP
inline constexpr std::uint8_t flag_extended_ids = 0x10;   // PACKETRESEND, EVENT, EVENTDATA
inline constexpr std::uint8_t flag_action_time = 0x80;    // ACTION

// `payload` points into the datagram.
struct CommandDatagram {
    std::uint8_t flags = 0;
    Command command{};  // may be none of the above
    std::uint16_t request_id = 0;
    std::span<const std::byte> payload;

    bool wants_ack() const { return (flags & flag_ack) != 0; }
    bool extended_ids() const { return (flags & flag_extended_ids) != 0; }
};

struct AckDatagram {
    Status status{};  // may be none of the above
    std::uint16_t ack = 0;
    std::uint16_t request_id = 0;
    std::span<const std::byte> payload;
};

// Nothing: too short, another key, or a length beyond the datagram. Bytes behind the payload are
// ignored.
std::optional<CommandDatagram> decode_command(std::span<const std::byte> datagram);
std::optional<AckDatagram> decode_ack(std::span<const std::byte> datagram);

// Every encoder returns how many bytes it wrote, or 0 if `into` is too small or the values do not
// fit the fields.
std::size_t encode_command(const CommandDatagram& command, std::span<std::byte> into);
std::size_t encode_ack(const AckDatagram& ack, std::span<std::byte> into);

}  // namespace opal::protocol::gvcp
