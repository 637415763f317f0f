// GVSP packets: the GigE Vision stream protocol's header. One block (a frame) is a leader, payload
// packets 1..N and a trailer; each packet is one datagram. Stands between a UDP port and the
// leaders, trailers and chunks of gvsp_payloads.h and chunks.h, on both sides of the wire.
//
//   standard   00 00 FF 79 03 00 00 01 | data                 status u16, block u16, format u8,
//                                                             packet id u24
//   extended   00 00 00 00 83 00 00 00 00 00 00 00 FF FF FF FA 00 00 00 01 | data
//              status u16, flags u16, 80 + format u8, reserved u24, block u64, packet id u32
//
// Fields are big-endian [GigE Vision 2.2, section 24]. Bit 7 of the format tells the layouts apart:
// follow it packet by packet. Rule: nothing here throws or reads past its span.
#pragma once

#include "protocol/gvcp.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace opal::protocol::gvsp {

inline constexpr std::size_t standard_header_size = 8;
inline constexpr std::size_t extended_header_size = 20;
inline constexpr std::uint64_t last_standard_block = 0xFFFF;  // then comes 1: 0 is no block
inline constexpr std::uint32_t last_standard_packet = 0xFFFFFF;

constexpr std::size_t header_size(bool extended) {
    return extended ? extended_header_size : standard_header_size;
}

enum class Format : std::uint8_t {
    leader = 1,
    trailer = 2,
    payload = 3,
    all_in = 4,
    h264 = 5,
    multi_zone = 6,
    multipart = 7,
    gendc = 8,
};

// Flags of the extended header.
inline constexpr std::uint16_t flag_resent = 0x0001;
inline constexpr std::uint16_t flag_previous_dropped = 0x0002;
inline constexpr std::uint16_t flag_resend_range_error = 0x0004;

struct Header {
    gvcp::Status status = gvcp::Status::success;
    bool extended = false;
    std::uint16_t flags = 0;  // extended only
    Format format{};          // may be none of the above
    std::uint8_t parts = 0;   // extended only: parts announced by a multipart leader
    std::uint64_t block = 0;
    std::uint32_t packet = 0;
    bool operator==(const Header&) const = default;

    std::size_t size() const { return header_size(extended); }
    // Sent because it was asked for again; no error.
    bool resent() const {
        return status == gvcp::Status::packet_resend || (flags & flag_resent) != 0;
    }
    // A packet with an error status brings no data.
    bool has_data() const { return (static_cast<std::uint16_t>(status) & 0x8000u) == 0; }
};

struct Packet {
    Header header;
    std::span<const std::byte> payload;  // points into the datagram
};

std::optional<Packet> decode_packet(std::span<const std::byte> datagram);
// Returns the header's size, or 0 if `into` is too small or a number does not fit its field.
std::size_t encode_header(const Header& header, std::span<std::byte> into);

// Data bytes in a full payload packet when the whole IP datagram has `packet_size` bytes, as the
// register SCPS counts; 0 if there is no room for any.
constexpr std::size_t data_per_packet(std::uint32_t packet_size, bool extended) {
    const std::size_t overhead = 28 + header_size(extended);  // IP 20, UDP 8
    return packet_size > overhead ? packet_size - overhead : 0;
}

// The block that follows, and how far `to` is ahead of `from`; standard ids wrap past 0.
constexpr std::uint64_t next_block(std::uint64_t block, bool extended) {
    return !extended && block == last_standard_block ? 1 : block + 1;
}
constexpr std::int64_t block_distance(std::uint64_t from, std::uint64_t to, bool extended) {
    if (extended) return static_cast<std::int64_t>(to - from);
    constexpr std::int64_t ids = 65535;
    const auto ahead = (static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from)) % ids;
    if (ahead > ids / 2) return ahead - ids;
    return ahead < -(ids / 2) ? ahead + ids : ahead;
}

}  // namespace opal::protocol::gvsp
