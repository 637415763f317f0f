// GVCP payloads <-> bytes.
#include "protocol/gvcp_messages.h"

#include "protocol/big_endian.h"

#include <algorithm>
#include <cassert>

namespace opal::protocol::gvcp {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t force_ip_size = 56;
constexpr std::uint32_t largest_packet_id = 0xFFFFFF;  // of the standard layout

// Writes the header and hands out room for a payload of `size` bytes, all 0; empty if it does not
// fit.
std::span<std::byte> begin_command(std::uint8_t flags, Command command, std::uint16_t id,
                                   std::size_t size, std::span<std::byte> into) {
    if (size > largest_payload || into.size() < header_size + size) return {};
    encode_command({flags, command, id, {}}, into);
    store_be16(&into[4], static_cast<std::uint16_t>(size));
    std::fill_n(into.begin() + header_size, size, std::byte{0});
    return into.subspan(header_size, size);
}

std::span<std::byte> begin_ack(Status status, Command command, std::uint16_t id, std::size_t size,
                               std::span<std::byte> into) {
    if (size > largest_payload || into.size() < header_size + size) return {};
    encode_ack({status, ack_of(command), id, {}}, into);
    store_be16(&into[4], static_cast<std::uint16_t>(size));
    std::fill_n(into.begin() + header_size, size, std::byte{0});
    return into.subspan(header_size, size);
}

std::size_t finished(std::span<const std::byte> payload) {
    return payload.empty() ? 0 : header_size + payload.size();
}

std::size_t event_size(bool extended_ids) {
    return extended_ids ? 24 : 16;
}

void store_event(const Event& event, bool extended_ids, std::size_t size, std::byte* to) {
    store_be16(to + 2, event.id);
    store_be16(to + 4, event.channel);
    if (extended_ids) {
        store_be16(to, static_cast<std::uint16_t>(size));
        store_be64(to + 8, event.block);
        store_be64(to + 16, event.timestamp);
    } else {
        store_be16(to + 6, static_cast<std::uint16_t>(event.block));
        store_be64(to + 8, event.timestamp);
    }
}

Event load_event(const std::byte* from, bool extended_ids) {
    Event event;
    event.id = load_be16(from + 2);
    event.channel = load_be16(from + 4);
    event.block = extended_ids ? load_be64(from + 8) : load_be16(from + 6);
    event.timestamp = load_be64(from + (extended_ids ? 16 : 8));
    return event;
}

bool fits(const Event& event, bool extended_ids) {
    return extended_ids || event.block <= 0xFFFF;
}

std::size_t encode_memory(std::span<std::byte> payload, const MemoryBytes& memory) {
    if (payload.empty()) return 0;
    store_be32(payload.data(), memory.address);
    std::copy(memory.data.begin(), memory.data.end(), payload.begin() + 4);
    return finished(payload);
}

std::optional<MemoryBytes> decode_memory(Bytes payload) {
    if (payload.size() < 4) return std::nullopt;
    return MemoryBytes{load_be32(payload.data()), payload.subspan(4)};
}

std::optional<std::uint16_t> second_half(Bytes payload) {
    if (payload.size() < 4) return std::nullopt;
    return load_be16(&payload[2]);
}

}  // namespace

std::uint32_t WordList::operator[](std::size_t i) const {
    assert(i < size());
    return load_be32(payload_.data() + 4 * i);
}

Event EventList::operator[](std::size_t i) const {
    assert(i < size());
    return load_event(payload_.data() + i * event_size(extended_ids_), extended_ids_);
}

std::size_t encode_discovery(std::uint16_t id, bool ack_may_be_broadcast,
                             std::span<std::byte> into) {
    const std::uint8_t flags = ack_may_be_broadcast ? flag_ack | flag_broadcast_ack : flag_ack;
    return encode_command({flags, Command::discovery, id, {}}, into);
}

std::size_t encode_force_ip(std::uint16_t id, const ForceIp& force, std::span<std::byte> into) {
    if (force.mac >> 48 != 0) return 0;
    const auto payload = begin_command(flag_ack, Command::force_ip, id, force_ip_size, into);
    if (payload.empty()) return 0;
    store_be16(&payload[2], static_cast<std::uint16_t>(force.mac >> 32));
    store_be32(&payload[4], static_cast<std::uint32_t>(force.mac & 0xFFFFFFFFu));
    store_be32(&payload[20], force.ip);
    store_be32(&payload[36], force.mask);
    store_be32(&payload[52], force.gateway);
    return finished(payload);
}

std::size_t encode_packet_resend(std::uint16_t id, const PacketResend& resend,
                                 std::span<std::byte> into) {
    if (resend.extended_ids) {
        const auto payload = begin_command(flag_extended_ids, Command::packet_resend, id, 20, into);
        if (payload.empty()) return 0;
        store_be16(&payload[0], resend.channel);
        store_be32(&payload[4], resend.first_packet);
        store_be32(&payload[8], resend.last_packet);
        store_be64(&payload[12], resend.block);
        return finished(payload);
    }
    if (resend.block > 0xFFFF || resend.first_packet > largest_packet_id ||
        resend.last_packet > largest_packet_id)
        return 0;
    const auto payload = begin_command(0, Command::packet_resend, id, 12, into);
    if (payload.empty()) return 0;
    store_be16(&payload[0], resend.channel);
    store_be16(&payload[2], static_cast<std::uint16_t>(resend.block));
    store_be32(&payload[4], resend.first_packet);
    store_be32(&payload[8], resend.last_packet);
    return finished(payload);
}

std::size_t encode_read_registers(std::uint16_t id, std::span<const std::uint32_t> addresses,
                                  std::span<std::byte> into) {
    const auto payload =
        begin_command(flag_ack, Command::read_register, id, 4 * addresses.size(), into);
    for (std::size_t i = 0; i < payload.size() / 4; ++i) store_be32(&payload[4 * i], addresses[i]);
    return finished(payload);
}

std::size_t encode_write_registers(std::uint16_t id, std::span<const RegisterWrite> writes,
                                   std::span<std::byte> into) {
    const auto payload =
        begin_command(flag_ack, Command::write_register, id, 8 * writes.size(), into);
    for (std::size_t i = 0; i < payload.size() / 8; ++i) {
        store_be32(&payload[8 * i], writes[i].address);
        store_be32(&payload[8 * i + 4], writes[i].value);
    }
    return finished(payload);
}

std::size_t encode_read_memory(std::uint16_t id, MemoryRange range, std::span<std::byte> into) {
    const auto payload = begin_command(flag_ack, Command::read_memory, id, 8, into);
    if (payload.empty()) return 0;
    store_be32(&payload[0], range.address);
    store_be16(&payload[6], range.count);
    return finished(payload);
}

std::size_t encode_write_memory(std::uint16_t id, const MemoryBytes& memory,
                                std::span<std::byte> into) {
    return encode_memory(
        begin_command(flag_ack, Command::write_memory, id, 4 + memory.data.size(), into), memory);
}

std::size_t encode_events(std::uint16_t id, std::span<const Event> events, bool extended_ids,
                          bool wants_ack, std::span<std::byte> into) {
    if (!std::all_of(events.begin(), events.end(),
                     [&](const Event& event) { return fits(event, extended_ids); }))
        return 0;
    const auto flags = static_cast<std::uint8_t>((wants_ack ? flag_ack : 0) |
                                                 (extended_ids ? flag_extended_ids : 0));
    const std::size_t size = event_size(extended_ids);
    const auto payload = begin_command(flags, Command::event, id, size * events.size(), into);
    for (std::size_t i = 0; i < payload.size() / size; ++i)
        store_event(events[i], extended_ids, size, &payload[i * size]);
    return finished(payload);
}

std::size_t encode_event_data(std::uint16_t id, const EventData& event, bool extended_ids,
                              bool wants_ack, std::span<std::byte> into) {
    if (!fits(event.event, extended_ids)) return 0;
    const auto flags = static_cast<std::uint8_t>((wants_ack ? flag_ack : 0) |
                                                 (extended_ids ? flag_extended_ids : 0));
    const std::size_t head = event_size(extended_ids);
    const std::size_t size = head + event.data.size();
    const auto payload = begin_command(flags, Command::event_data, id, size, into);
    if (payload.empty()) return 0;
    store_event(event.event, extended_ids, size, payload.data());
    std::copy(event.data.begin(), event.data.end(),
              payload.begin() + static_cast<std::ptrdiff_t>(head));
    return finished(payload);
}

std::size_t encode_action(std::uint16_t id, const Action& action, bool wants_ack,
                          std::span<std::byte> into) {
    const auto flags = static_cast<std::uint8_t>((wants_ack ? flag_ack : 0) |
                                                 (action.time ? flag_action_time : 0));
    const auto payload = begin_command(flags, Command::action, id, action.time ? 20 : 12, into);
    if (payload.empty()) return 0;
    store_be32(&payload[0], action.device_key);
    store_be32(&payload[4], action.group_key);
    store_be32(&payload[8], action.group_mask);
    if (action.time) store_be64(&payload[12], *action.time);
    return finished(payload);
}

std::optional<WordList> decode_read_registers(Bytes payload) {
    if (payload.empty() || payload.size() % 4 != 0) return std::nullopt;
    return WordList(payload);
}

std::optional<WriteList> decode_write_registers(Bytes payload) {
    if (payload.empty() || payload.size() % 8 != 0) return std::nullopt;
    return WriteList(payload);
}

std::optional<EventList> decode_events(Bytes payload, bool extended_ids) {
    if (payload.empty() || payload.size() % event_size(extended_ids) != 0) return std::nullopt;
    return EventList(payload, extended_ids);
}

std::optional<ForceIp> decode_force_ip(Bytes payload) {
    if (payload.size() < force_ip_size) return std::nullopt;
    ForceIp force;
    force.mac = std::uint64_t{load_be16(&payload[2])} << 32 | load_be32(&payload[4]);
    force.ip = load_be32(&payload[20]);
    force.mask = load_be32(&payload[36]);
    force.gateway = load_be32(&payload[52]);
    return force;
}

std::optional<PacketResend> decode_packet_resend(Bytes payload, bool extended_ids) {
    if (payload.size() < (extended_ids ? 20u : 12u)) return std::nullopt;
    PacketResend resend;
    resend.extended_ids = extended_ids;
    resend.channel = load_be16(&payload[0]);
    resend.first_packet = load_be32(&payload[4]);
    resend.last_packet = load_be32(&payload[8]);
    if (extended_ids) {
        resend.block = load_be64(&payload[12]);
    } else {
        resend.block = load_be16(&payload[2]);
        resend.first_packet &= largest_packet_id;
        resend.last_packet &= largest_packet_id;
    }
    return resend;
}

std::optional<MemoryRange> decode_read_memory(Bytes payload) {
    if (payload.size() < 8) return std::nullopt;
    return MemoryRange{load_be32(&payload[0]), load_be16(&payload[6])};
}

std::optional<MemoryBytes> decode_write_memory(Bytes payload) {
    return decode_memory(payload);
}

std::optional<EventData> decode_event_data(Bytes payload, bool extended_ids) {
    const std::size_t head = event_size(extended_ids);
    if (payload.size() < head) return std::nullopt;
    return EventData{load_event(payload.data(), extended_ids), payload.subspan(head)};
}

std::optional<Action> decode_action(Bytes payload, std::uint8_t flags) {
    const bool timed = (flags & flag_action_time) != 0;
    if (payload.size() < (timed ? 20u : 12u)) return std::nullopt;
    Action action{load_be32(&payload[0]), load_be32(&payload[4]), load_be32(&payload[8]), {}};
    if (timed) action.time = load_be64(&payload[12]);
    return action;
}

std::size_t encode_empty_ack(Status status, Command command, std::uint16_t id,
                             std::span<std::byte> into) {
    return encode_ack({status, ack_of(command), id, {}}, into);
}

std::size_t encode_register_values(std::uint16_t id, std::span<const std::uint32_t> values,
                                   std::span<std::byte> into) {
    const auto payload =
        begin_ack(Status::success, Command::read_register, id, 4 * values.size(), into);
    for (std::size_t i = 0; i < payload.size() / 4; ++i) store_be32(&payload[4 * i], values[i]);
    return finished(payload);
}

std::size_t encode_write_ack(Status status, Command command, std::uint16_t id, std::uint16_t done,
                             std::span<std::byte> into) {
    const auto payload = begin_ack(status, command, id, 4, into);
    if (payload.empty()) return 0;
    store_be16(&payload[2], done);
    return finished(payload);
}

std::size_t encode_memory_values(std::uint16_t id, const MemoryBytes& memory,
                                 std::span<std::byte> into) {
    return encode_memory(
        begin_ack(Status::success, Command::read_memory, id, 4 + memory.data.size(), into), memory);
}

std::size_t encode_pending_ack(std::uint16_t id, std::uint16_t time_ms, std::span<std::byte> into) {
    return encode_write_ack(Status::success, Command::pending, id, time_ms, into);
}

std::optional<WordList> decode_register_values(Bytes payload) {
    return decode_read_registers(payload);
}

std::optional<std::uint16_t> decode_write_ack(Bytes payload) {
    return second_half(payload);
}

std::optional<MemoryBytes> decode_memory_values(Bytes payload) {
    return decode_memory(payload);
}

std::optional<std::uint16_t> decode_pending_ack(Bytes payload) {
    return second_half(payload);
}

}  // namespace opal::protocol::gvcp
