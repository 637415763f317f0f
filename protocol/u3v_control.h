// USB3 Vision control: one command on the bulk OUT endpoint, one acknowledge on the bulk IN
// endpoint, reading and writing the camera's memory [GenCP 1.2, section 4; USB3 Vision 1.0,
// section 4]. Stands between a USB device and its registers (u3v_registers.h), on both sides.
//
//   command   55 33 56 43 | 00 40 | 00 08 | 0C 00 | 14 FF | D8 01 00 00 00 00 00 00 | 00 00 | 08 00
//             prefix u32, flags u16, command u16, length u16, request id u16
//             READMEM: address u64, reserved u16, bytes u16
//   ack       55 33 56 43 | 00 00 | 01 08 | 08 00 | 14 FF | 00 00 01 00 00 00 00 00
//             prefix u32, status u16, command + 1 u16, length u16, request id u16; data
//
// All fields are little-endian. Rule: nothing here throws or reads past its span; bytes that cannot
// be a packet are nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace opal::protocol::u3v {

inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t read_command_size = header_size + 12;
inline constexpr std::size_t write_command_overhead = header_size + 8;  // and the data
inline constexpr std::size_t write_ack_size = header_size + 4;
inline constexpr std::size_t pending_ack_size = header_size + 4;

enum class Command : std::uint16_t {
    read_memory = 0x0800,
    write_memory = 0x0802,
    pending = 0x0804,  // never sent; its acknowledge 0x0805 asks for patience
    read_stacked = 0x0806,
    write_stacked = 0x0808,
    event = 0x0C00,
};

constexpr std::uint16_t ack_of(Command command) {
    return static_cast<std::uint16_t>(static_cast<std::uint16_t>(command) + 1u);
}

enum class Status : std::uint16_t {
    success = 0x0000,
    not_implemented = 0x8001,
    invalid_parameter = 0x8002,
    invalid_address = 0x8003,
    write_protect = 0x8004,
    bad_alignment = 0x8005,
    access_denied = 0x8006,
    busy = 0x8007,
    message_timeout = 0x800B,
    invalid_header = 0x800E,
    wrong_config = 0x800F,
    error = 0x8FFF,
    resend_not_supported = 0xA001,
    stream_endpoint_halted = 0xA002,
    payload_size_not_aligned = 0xA003,
    stream_registers_inconsistent = 0xA004,
    event_endpoint_halted = 0xA005,
    data_discarded = 0xA100,  // of a trailer
    data_overrun = 0xA101,    // of a trailer
};

std::string_view to_string(Status status);  // for people; "unknown status" if not listed above

inline constexpr std::uint16_t flag_ack = 0x4000;
inline constexpr std::uint16_t flag_resend = 0x8000;

// `payload` points into the packet.
struct CommandPacket {
    std::uint16_t flags = 0;
    Command command{};  // may be none of the above
    std::uint16_t request_id = 0;
    std::span<const std::byte> payload;

    bool wants_ack() const { return (flags & flag_ack) != 0; }
};

struct AckPacket {
    Status status{};  // may be none of the above
    std::uint16_t ack = 0;
    std::uint16_t request_id = 0;
    std::span<const std::byte> payload;
};

// Nothing if the bytes are no such packet: prefix, or fewer bytes than the length says.
std::optional<CommandPacket> decode_command(std::span<const std::byte> bytes);
std::optional<AckPacket> decode_ack(std::span<const std::byte> bytes);
// Bytes written, 0 if `into` is too small or the payload longer than its length field can say.
std::size_t encode_command(const CommandPacket& packet, std::span<std::byte> into);
std::size_t encode_ack(const AckPacket& packet, std::span<std::byte> into);

struct MemoryRange {
    std::uint64_t address = 0;
    std::uint16_t bytes = 0;
    bool operator==(const MemoryRange&) const = default;
};
struct MemoryWrite {
    std::uint64_t address = 0;
    std::span<const std::byte> data;
};

// Commands with their header, asking for an acknowledge; what is decoded is the payload.
std::size_t encode_read_memory(std::uint16_t id, MemoryRange range, std::span<std::byte> into);
std::optional<MemoryRange> decode_read_memory(std::span<const std::byte> payload);
std::size_t encode_write_memory(std::uint16_t id, MemoryWrite write, std::span<std::byte> into);
std::optional<MemoryWrite> decode_write_memory(std::span<const std::byte> payload);

// Acknowledges.
std::size_t encode_memory_values(std::uint16_t id, std::span<const std::byte> data,
                                 std::span<std::byte> into);
std::size_t encode_write_ack(std::uint16_t id, std::uint16_t written, std::span<std::byte> into);
// Bytes written; nothing if the device does not say.
std::optional<std::uint16_t> decode_write_ack(std::span<const std::byte> payload);
std::size_t encode_pending_ack(std::uint16_t id, std::uint16_t time_ms, std::span<std::byte> into);
std::optional<std::uint16_t> decode_pending_ack(std::span<const std::byte> payload);
// Without data: what a command that is not done gets.
std::size_t encode_refusal(Status status, Command command, std::uint16_t id,
                           std::span<std::byte> into);

// Several ranges in one command, where the device can (register capability, bit 13). One piece of
// each list from its front; nothing when the rest is no piece. read_stacked is acknowledged with
// all data one behind the other, write_stacked with the bytes written of each.
std::optional<MemoryRange> next_stacked_read(std::span<const std::byte>& payload);
std::optional<MemoryWrite> next_stacked_write(std::span<const std::byte>& payload);
std::optional<std::uint16_t> next_stacked_written(std::span<const std::byte>& payload);
std::size_t encode_stacked_reads(std::uint16_t id, std::span<const MemoryRange> ranges,
                                 std::span<std::byte> into);
std::size_t encode_stacked_writes(std::uint16_t id, std::span<const MemoryWrite> writes,
                                  std::span<std::byte> into);
std::size_t encode_stacked_written(std::uint16_t id, std::span<const std::uint16_t> written,
                                   std::span<std::byte> into);

}  // namespace opal::protocol::u3v
