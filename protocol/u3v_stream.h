// USB3 Vision stream: what a frame announces before its payload and confirms after it, each in a
// transfer of its own on the stream's bulk IN endpoint [USB3 Vision 1.0, section 5.2].
//
//   leader   55 33 56 4C | 00 00 | 34 00 | 01 00 00 00 00 00 00 00 | 00 00 | 01 00
//            "U3VL", reserved u16, size u16, block id u64, reserved u16, payload type u16
//            00 CA 9A 3B 00 00 00 00 | 01 00 08 01 | 80 02 00 00 | E0 01 00 00
//            time stamp u64 ns, pixel format u32, size x u32, size y u32
//            00 00 00 00 | 00 00 00 00 | 00 00 | 00 00
//            offset x u32, offset y u32, padding x u16, reserved u16
//   trailer  55 33 56 54 | 00 00 | 20 00 | 01 00 00 00 00 00 00 00 | 00 00 | 00 00
//            "U3VT", reserved u16, size u16, block id u64, status u16, reserved u16
//            00 B0 04 00 00 00 00 00 | E0 01 00 00
//            valid payload bytes u64, lines sent u32; with chunks: layout id u32
//
// Rule: nothing here throws or reads past its span. Image data may begin with the same four bytes:
// whoever reads a stream knows where a leader may stand.
#pragma once

#include "protocol/u3v_control.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace opal::protocol::u3v {

enum class PayloadType : std::uint16_t {
    image = 0x0001,
    gendc = 0x1001,
    chunks = 0x4000,  // nothing else
    image_and_chunks = 0x4001,
};

struct Leader {
    std::uint64_t block_id = 0;  // from 0 when acquisition starts
    PayloadType type = PayloadType::image;
    std::uint64_t timestamp_ns = 0;
    // Of an image; 0 otherwise.
    std::uint32_t pixel_format = 0;
    std::uint32_t size_x = 0;
    std::uint32_t size_y = 0;
    std::uint32_t offset_x = 0;
    std::uint32_t offset_y = 0;
    std::uint16_t padding_x = 0;
    bool has_image() const { return type == PayloadType::image || has_both(); }
    bool has_both() const { return type == PayloadType::image_and_chunks; }
    bool operator==(const Leader&) const = default;
};

struct Trailer {
    std::uint64_t block_id = 0;
    Status status = Status::success;
    std::uint64_t valid_bytes = 0;   // of the payload
    std::uint32_t size_y = 0;        // of an image: lines that were sent
    std::uint32_t chunk_layout = 0;  // of chunks
    bool operator==(const Trailer&) const = default;
};

inline constexpr std::size_t image_leader_size = 52;
inline constexpr std::size_t bare_leader_size = 28;  // of everything but images
inline constexpr std::size_t image_trailer_size = 32;
inline constexpr std::size_t image_and_chunks_trailer_size = 36;
inline constexpr std::size_t bare_trailer_size = 28;  // of other types, at least

// Nothing if the bytes are none, or fewer than their size field or their type needs.
std::optional<Leader> decode_leader(std::span<const std::byte> bytes);
// `type`: of the leader before it; the layouts differ.
std::optional<Trailer> decode_trailer(std::span<const std::byte> bytes, PayloadType type);
// Bytes written, 0 if `into` is too small.
std::size_t encode_leader(const Leader& leader, std::span<std::byte> into);
std::size_t encode_trailer(const Trailer& trailer, PayloadType type, std::span<std::byte> into);

}  // namespace opal::protocol::u3v
