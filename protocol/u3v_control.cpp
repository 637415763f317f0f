// USB3 Vision control packets <-> values.
#include "protocol/u3v_control.h"

#include "protocol/little_endian.h"

#include <algorithm>
#include <array>

namespace opal::protocol::u3v {
namespace {

constexpr std::uint32_t prefix = 0x43563355;  // "U3VC"
constexpr std::size_t range_size = 12;        // address u64, reserved u16, bytes u16
constexpr std::size_t longest = 0xFFFF;       // that a length field can say

// Header and room for the payload behind it; an empty span if there is none.
std::span<std::byte> begin(std::uint16_t second, std::uint16_t third, std::uint16_t id,
                           std::size_t payload, std::span<std::byte> into) {
    if (payload > longest || into.size() < header_size + payload) return {};
    store_le32(&into[0], prefix);
    store_le16(&into[4], second);
    store_le16(&into[6], third);
    store_le16(&into[8], static_cast<std::uint16_t>(payload));
    store_le16(&into[10], id);
    return into.first(header_size + payload);
}

std::span<std::byte> begin_command(Command command, std::uint16_t id, std::size_t payload,
                                   std::span<std::byte> into) {
    return begin(flag_ack, static_cast<std::uint16_t>(command), id, payload, into);
}

void store_range(std::byte* to, MemoryRange range) {
    store_le64(to, range.address);
    store_le16(to + 8, 0);
    store_le16(to + 10, range.bytes);
}

MemoryRange load_range(const std::byte* from) {
    return {load_le64(from), load_le16(from + 10)};
}

}  // namespace

std::string_view to_string(Status status) {
    switch (status) {
        case Status::success:
            return "success";
        case Status::not_implemented:
            return "command not implemented";
        case Status::invalid_parameter:
            return "invalid parameter";
        case Status::invalid_address:
            return "invalid address";
        case Status::write_protect:
            return "write protected";
        case Status::bad_alignment:
            return "bad alignment";
        case Status::access_denied:
            return "access denied";
        case Status::busy:
            return "busy";
        case Status::message_timeout:
            return "message timeout";
        case Status::invalid_header:
            return "invalid header";
        case Status::wrong_config:
            return "wrong configuration";
        case Status::error:
            return "error";
        case Status::resend_not_supported:
            return "resend not supported";
        case Status::stream_endpoint_halted:
            return "stream endpoint halted";
        case Status::payload_size_not_aligned:
            return "payload size not aligned";
        case Status::stream_registers_inconsistent:
            return "stream registers inconsistent";
        case Status::event_endpoint_halted:
            return "event endpoint halted";
        case Status::data_discarded:
            return "data discarded";
        case Status::data_overrun:
            return "data overrun";
    }
    return "unknown status";
}

std::optional<CommandPacket> decode_command(std::span<const std::byte> bytes) {
    if (bytes.size() < header_size || load_le32(&bytes[0]) != prefix) return std::nullopt;
    const std::size_t length = load_le16(&bytes[8]);
    if (bytes.size() - header_size < length) return std::nullopt;
    return CommandPacket{load_le16(&bytes[4]), static_cast<Command>(load_le16(&bytes[6])),
                         load_le16(&bytes[10]), bytes.subspan(header_size, length)};
}

std::optional<AckPacket> decode_ack(std::span<const std::byte> bytes) {
    const auto packet = decode_command(bytes);  // status and flags share their place
    if (!packet) return std::nullopt;
    return AckPacket{static_cast<Status>(packet->flags),
                     static_cast<std::uint16_t>(packet->command), packet->request_id,
                     packet->payload};
}

std::size_t encode_command(const CommandPacket& packet, std::span<std::byte> into) {
    const auto out = begin(packet.flags, static_cast<std::uint16_t>(packet.command),
                           packet.request_id, packet.payload.size(), into);
    if (out.empty()) return 0;
    std::copy(packet.payload.begin(), packet.payload.end(), out.begin() + header_size);
    return out.size();
}

std::size_t encode_ack(const AckPacket& packet, std::span<std::byte> into) {
    return encode_command({static_cast<std::uint16_t>(packet.status),
                           static_cast<Command>(packet.ack), packet.request_id, packet.payload},
                          into);
}

std::size_t encode_read_memory(std::uint16_t id, MemoryRange range, std::span<std::byte> into) {
    const auto out = begin_command(Command::read_memory, id, range_size, into);
    if (out.empty()) return 0;
    store_range(&out[header_size], range);
    return out.size();
}

std::optional<MemoryRange> decode_read_memory(std::span<const std::byte> payload) {
    if (payload.size() < range_size) return std::nullopt;
    return load_range(payload.data());
}

std::size_t encode_write_memory(std::uint16_t id, MemoryWrite write, std::span<std::byte> into) {
    const auto out = begin_command(Command::write_memory, id, 8 + write.data.size(), into);
    if (out.empty()) return 0;
    store_le64(&out[header_size], write.address);
    std::copy(write.data.begin(), write.data.end(), out.begin() + header_size + 8);
    return out.size();
}

std::optional<MemoryWrite> decode_write_memory(std::span<const std::byte> payload) {
    if (payload.size() < 8) return std::nullopt;
    return MemoryWrite{load_le64(payload.data()), payload.subspan(8)};
}

std::size_t encode_memory_values(std::uint16_t id, std::span<const std::byte> data,
                                 std::span<std::byte> into) {
    return encode_ack({Status::success, ack_of(Command::read_memory), id, data}, into);
}

std::size_t encode_write_ack(std::uint16_t id, std::uint16_t written, std::span<std::byte> into) {
    std::array<std::byte, 4> payload{};
    store_le16(&payload[2], written);
    return encode_ack({Status::success, ack_of(Command::write_memory), id, payload}, into);
}

std::optional<std::uint16_t> decode_write_ack(std::span<const std::byte> payload) {
    if (payload.size() < 4) return std::nullopt;
    return load_le16(&payload[2]);
}

std::size_t encode_pending_ack(std::uint16_t id, std::uint16_t time_ms, std::span<std::byte> into) {
    std::array<std::byte, 4> payload{};
    store_le16(&payload[2], time_ms);
    return encode_ack({Status::success, ack_of(Command::pending), id, payload}, into);
}

std::optional<std::uint16_t> decode_pending_ack(std::span<const std::byte> payload) {
    return decode_write_ack(payload);  // the same layout
}

std::size_t encode_refusal(Status status, Command command, std::uint16_t id,
                           std::span<std::byte> into) {
    return encode_ack({status, ack_of(command), id, {}}, into);
}

std::optional<MemoryRange> next_stacked_read(std::span<const std::byte>& payload) {
    if (payload.size() < range_size) return std::nullopt;
    const MemoryRange range = load_range(payload.data());
    payload = payload.subspan(range_size);
    return range;
}

std::optional<MemoryWrite> next_stacked_write(std::span<const std::byte>& payload) {
    if (payload.size() < range_size) return std::nullopt;
    const MemoryRange range = load_range(payload.data());
    if (payload.size() - range_size < range.bytes) return std::nullopt;
    const MemoryWrite write{range.address, payload.subspan(range_size, range.bytes)};
    payload = payload.subspan(range_size + range.bytes);
    return write;
}

std::optional<std::uint16_t> next_stacked_written(std::span<const std::byte>& payload) {
    const auto written = decode_write_ack(payload);
    if (written) payload = payload.subspan(4);
    return written;
}

std::size_t encode_stacked_reads(std::uint16_t id, std::span<const MemoryRange> ranges,
                                 std::span<std::byte> into) {
    const auto out = begin_command(Command::read_stacked, id, ranges.size() * range_size, into);
    if (out.empty()) return 0;
    for (std::size_t i = 0; i < ranges.size(); ++i)
        store_range(&out[header_size + i * range_size], ranges[i]);
    return out.size();
}

std::size_t encode_stacked_writes(std::uint16_t id, std::span<const MemoryWrite> writes,
                                  std::span<std::byte> into) {
    std::size_t size = 0;
    for (const MemoryWrite& write : writes) {
        if (write.data.size() > longest) return 0;
        size += range_size + write.data.size();
    }
    const auto out = begin_command(Command::write_stacked, id, size, into);
    if (out.empty()) return 0;
    std::size_t at = header_size;
    for (const MemoryWrite& write : writes) {
        store_range(&out[at], {write.address, static_cast<std::uint16_t>(write.data.size())});
        at += range_size;
        std::copy(write.data.begin(), write.data.end(),
                  out.begin() + static_cast<std::ptrdiff_t>(at));
        at += write.data.size();
    }
    return out.size();
}

std::size_t encode_stacked_written(std::uint16_t id, std::span<const std::uint16_t> written,
                                   std::span<std::byte> into) {
    const auto out = begin(static_cast<std::uint16_t>(Status::success),
                           ack_of(Command::write_stacked), id, written.size() * 4, into);
    if (out.empty()) return 0;
    for (std::size_t i = 0; i < written.size(); ++i) {
        store_le16(&out[header_size + 4 * i], 0);
        store_le16(&out[header_size + 4 * i + 2], written[i]);
    }
    return out.size();
}

}  // namespace opal::protocol::u3v
