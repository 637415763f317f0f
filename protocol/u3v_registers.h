// USB3 Vision registers: where every camera of this kind keeps what its host needs before it has
// read the camera's description [GenCP 1.2, section 5; USB3 Vision 1.0, section 4.3]. ABRM is at
// address 0; the other maps are where ABRM and SBRM say, and their registers are offsets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opal::protocol::u3v {

// Technology-agnostic bootstrap registers.
namespace abrm {
inline constexpr std::uint32_t gencp_version = 0x000;
inline constexpr std::uint32_t manufacturer = 0x004;
inline constexpr std::uint32_t model = 0x044;
inline constexpr std::uint32_t family = 0x084;
inline constexpr std::uint32_t device_version = 0x0C4;
inline constexpr std::uint32_t manufacturer_info = 0x104;
inline constexpr std::uint32_t serial = 0x144;
inline constexpr std::uint32_t user_name = 0x184;
inline constexpr std::uint32_t capability = 0x1C4;       // u64
inline constexpr std::uint32_t max_response_ms = 0x1CC;  // of a command
inline constexpr std::uint32_t manifest = 0x1D0;         // u64, address
inline constexpr std::uint32_t sbrm = 0x1D8;             // u64, address
inline constexpr std::uint32_t configuration = 0x1E0;    // u64
inline constexpr std::uint32_t heartbeat_ms = 0x1E8;     // 0: none
inline constexpr std::uint32_t message_channel = 0x1EC;
inline constexpr std::uint32_t timestamp = 0x1F0;  // u64, as latched
inline constexpr std::uint32_t timestamp_latch = 0x1F8;
inline constexpr std::uint32_t timestamp_increment = 0x1FC;  // u64, ns per tick
inline constexpr std::uint32_t access_privilege = 0x204;
inline constexpr std::uint32_t protocol_endianness = 0x208;
inline constexpr std::uint32_t implementation_endianness = 0x20C;
inline constexpr std::uint32_t end = 0x210;
inline constexpr std::size_t text_size = 64;
}  // namespace abrm

inline constexpr std::uint64_t has_user_name = 1u << 0;
inline constexpr std::uint64_t has_family = 1u << 8;
inline constexpr std::uint64_t has_stacked_commands = 1u << 13;

// USB3 Vision's bootstrap registers.
namespace sbrm {
inline constexpr std::uint32_t u3v_version = 0x00;
inline constexpr std::uint32_t capability = 0x04;     // u64
inline constexpr std::uint32_t configuration = 0x0C;  // u64
inline constexpr std::uint32_t max_command = 0x14;    // bytes with header
inline constexpr std::uint32_t max_ack = 0x18;
inline constexpr std::uint32_t stream_channels = 0x1C;
inline constexpr std::uint32_t sirm = 0x20;  // u64, address
inline constexpr std::uint32_t sirm_length = 0x28;
inline constexpr std::uint32_t eirm = 0x2C;  // u64, address
inline constexpr std::uint32_t eirm_length = 0x34;
inline constexpr std::uint32_t iidc2 = 0x38;  // u64, address
inline constexpr std::uint32_t speed = 0x40;  // one of the bits of DeviceInfo::speeds
inline constexpr std::uint32_t end = 0x44;
}  // namespace sbrm

inline constexpr std::uint64_t has_stream = 1u << 0;
inline constexpr std::uint64_t has_events = 1u << 1;

// Streaming interface registers.
namespace sirm {
inline constexpr std::uint32_t info = 0x00;              // bits 31-24: alignment is 2^value bytes
inline constexpr std::uint32_t control = 0x04;           // bit 0: stream on
inline constexpr std::uint32_t required_payload = 0x08;  // u64, bytes
inline constexpr std::uint32_t required_leader = 0x10;
inline constexpr std::uint32_t required_trailer = 0x14;
inline constexpr std::uint32_t max_leader = 0x18;
inline constexpr std::uint32_t transfer_size = 0x1C;
inline constexpr std::uint32_t transfer_count = 0x20;
inline constexpr std::uint32_t final_1 = 0x24;
inline constexpr std::uint32_t final_2 = 0x28;
inline constexpr std::uint32_t max_trailer = 0x2C;
inline constexpr std::uint32_t end = 0x30;
inline constexpr std::uint32_t stream_on = 1;
}  // namespace sirm

// Bytes a transfer's size is a multiple of; 0 if the register cannot mean one.
constexpr std::uint32_t alignment_of(std::uint32_t info) {
    return info >> 24 < 31 ? 1u << (info >> 24) : 0;
}

// Event interface registers.
namespace eirm {
inline constexpr std::uint32_t control = 0x00;  // bit 0: events on
inline constexpr std::uint32_t max_transfer = 0x04;
inline constexpr std::uint32_t test = 0x08;
}  // namespace eirm

}  // namespace opal::protocol::u3v
