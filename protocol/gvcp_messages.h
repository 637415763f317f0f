// GVCP messages: what stands behind the headers of gvcp.h, one encoder and one decoder each.
//
//   READREG   n x address u32                        ack   n x value u32
//   WRITEREG  n x (address u32, value u32)           ack   reserved u16, pairs done u16
//   READMEM   address u32, reserved u16, count u16   ack   address u32, data
//   WRITEMEM  address u32, data                      ack   reserved u16, bytes done u16
//   PENDING                                          ack   reserved u16, time u16 in ms
//
// [GigE Vision 2.2, section 18.] Rules: encoders write a whole datagram and return its size, 0 if
// it does not fit; decoders take the payload alone, and what they return points into it.
#pragma once

#include "protocol/gvcp.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace opal::protocol::gvcp {

// n numbers of 32 bits; addresses of READREG, values of its acknowledge.
class WordList {
public:
    explicit WordList(std::span<const std::byte> payload) : payload_(payload) {}
    std::size_t size() const { return payload_.size() / 4; }
    std::uint32_t operator[](std::size_t i) const;  // i < size() (asserts)

private:
    std::span<const std::byte> payload_;
};

struct RegisterWrite {
    std::uint32_t address = 0;
    std::uint32_t value = 0;
    bool operator==(const RegisterWrite&) const = default;
};

// The pairs of WRITEREG, in the order they are to be done.
class WriteList {
public:
    explicit WriteList(std::span<const std::byte> payload) : words_(payload) {}
    std::size_t size() const { return words_.size() / 2; }
    RegisterWrite operator[](std::size_t i) const { return {words_[2 * i], words_[2 * i + 1]}; }

private:
    WordList words_;
};

struct MemoryRange {
    std::uint32_t address = 0;
    std::uint16_t count = 0;  // bytes
};

struct MemoryBytes {
    std::uint32_t address = 0;
    std::span<const std::byte> data;
};

struct ForceIp {
    std::uint64_t mac = 0;  // 48 bits
    std::uint32_t ip = 0;   // 0: start IP configuration again
    std::uint32_t mask = 0;
    std::uint32_t gateway = 0;
    bool operator==(const ForceIp&) const = default;
};

// Stream packets to be sent again, both ends included.
struct PacketResend {
    bool extended_ids = false;
    std::uint16_t channel = 0;
    std::uint64_t block = 0;
    std::uint32_t first_packet = 0;
    std::uint32_t last_packet = 0;
    bool operator==(const PacketResend&) const = default;
};

struct Event {
    std::uint16_t id = 0;
    std::uint16_t channel = 0xFFFF;  // 0xFFFF: of no stream
    std::uint64_t block = 0;
    std::uint64_t timestamp = 0;  // ticks
    bool operator==(const Event&) const = default;
};

// The entries of EVENT; 16 bytes each, 24 with extended ids.
class EventList {
public:
    EventList(std::span<const std::byte> payload, bool extended_ids)
        : payload_(payload), extended_ids_(extended_ids) {}
    std::size_t size() const { return payload_.size() / (extended_ids_ ? 24u : 16u); }
    Event operator[](std::size_t i) const;  // i < size() (asserts)

private:
    std::span<const std::byte> payload_;
    bool extended_ids_;
};

struct EventData {
    Event event;
    std::span<const std::byte> data;
};

struct Action {
    std::uint32_t device_key = 0;
    std::uint32_t group_key = 0;
    std::uint32_t group_mask = 0;
    std::optional<std::uint64_t> time;
    bool operator==(const Action&) const = default;
};

// Commands.
std::size_t encode_discovery(std::uint16_t id, bool ack_may_be_broadcast,
                             std::span<std::byte> into);
std::size_t encode_force_ip(std::uint16_t id, const ForceIp& force, std::span<std::byte> into);
std::size_t encode_packet_resend(std::uint16_t id, const PacketResend& resend,
                                 std::span<std::byte> into);
std::size_t encode_read_registers(std::uint16_t id, std::span<const std::uint32_t> addresses,
                                  std::span<std::byte> into);
std::size_t encode_write_registers(std::uint16_t id, std::span<const RegisterWrite> writes,
                                   std::span<std::byte> into);
std::size_t encode_read_memory(std::uint16_t id, MemoryRange range, std::span<std::byte> into);
std::size_t encode_write_memory(std::uint16_t id, const MemoryBytes& memory,
                                std::span<std::byte> into);
std::size_t encode_events(std::uint16_t id, std::span<const Event> events, bool extended_ids,
                          bool wants_ack, std::span<std::byte> into);
std::size_t encode_event_data(std::uint16_t id, const EventData& event, bool extended_ids,
                              bool wants_ack, std::span<std::byte> into);
std::size_t encode_action(std::uint16_t id, const Action& action, bool wants_ack,
                          std::span<std::byte> into);

// Lists: the payload is a whole number of entries, and at least one.
std::optional<WordList> decode_read_registers(std::span<const std::byte> payload);
std::optional<WriteList> decode_write_registers(std::span<const std::byte> payload);
std::optional<EventList> decode_events(std::span<const std::byte> payload, bool extended_ids);
std::optional<ForceIp> decode_force_ip(std::span<const std::byte> payload);
std::optional<PacketResend> decode_packet_resend(std::span<const std::byte> payload,
                                                 bool extended_ids);
std::optional<MemoryRange> decode_read_memory(std::span<const std::byte> payload);
std::optional<MemoryBytes> decode_write_memory(std::span<const std::byte> payload);
std::optional<EventData> decode_event_data(std::span<const std::byte> payload, bool extended_ids);
std::optional<Action> decode_action(std::span<const std::byte> payload, std::uint8_t flags);

// Acknowledges. An error may come with an empty payload.
std::size_t encode_empty_ack(Status status, Command command, std::uint16_t id,
                             std::span<std::byte> into);
std::size_t encode_register_values(std::uint16_t id, std::span<const std::uint32_t> values,
                                   std::span<std::byte> into);
std::size_t encode_write_ack(Status status, Command command, std::uint16_t id, std::uint16_t done,
                             std::span<std::byte> into);
std::size_t encode_memory_values(std::uint16_t id, const MemoryBytes& memory,
                                 std::span<std::byte> into);
std::size_t encode_pending_ack(std::uint16_t id, std::uint16_t time_ms, std::span<std::byte> into);

std::optional<WordList> decode_register_values(std::span<const std::byte> payload);
std::optional<std::uint16_t> decode_write_ack(std::span<const std::byte> payload);
std::optional<MemoryBytes> decode_memory_values(std::span<const std::byte> payload);
std::optional<std::uint16_t> decode_pending_ack(std::span<const std::byte> payload);  // ms

}  // namespace opal::protocol::gvcp
