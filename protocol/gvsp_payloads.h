// GVSP leaders and trailers: what a block announces before its data and confirms after them; and
// the two packet kinds that carry more than data, all-in and multipart [GigE Vision 2.2, section
// 25].
//
//   image leader    00 00 00 01 | 18 EA 9C CB 3D ED 29 B8 | 01 08 00 01 | 00 00 02 00 | 00 00 02 00
//                   00 00 00 00 | 00 00 00 00 | 00 00 00 00
//                   interlace u8, reserved u8, type u16, time stamp u64, pixel format u32, size x
//                   u32, size y u32, offset x u32, offset y u32, padding x u16, padding y u16
//   image trailer   00 00 00 01 | 00 00 02 00      reserved u16, type u16, lines sent u32
//
// Rule: decoders take what stands behind the header of gvsp.h; what they return points into it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace opal::protocol::gvsp {

enum class PayloadType : std::uint16_t {
    image = 0x0001,
    raw = 0x0002,
    file = 0x0003,
    chunk_data = 0x0004,
    extended_chunk = 0x0005,  // deprecated
    jpeg = 0x0006,
    jpeg_2000 = 0x0007,
    h264 = 0x0008,
    multi_zone = 0x0009,
    multipart = 0x000A,
    gendc = 0x000B,
};
inline constexpr std::uint16_t chunks_follow = 0x4000;  // added to the type

struct ImageInfo {
    std::uint32_t pixel_format = 0;
    std::uint32_t size_x = 0;  // pixels
    std::uint32_t size_y = 0;  // lines
    std::uint32_t offset_x = 0;
    std::uint32_t offset_y = 0;
    std::uint16_t padding_x = 0;  // bytes behind each line
    std::uint16_t padding_y = 0;  // bytes behind the last line
    bool operator==(const ImageInfo&) const = default;
};

struct Leader {
    std::uint8_t field_id = 0;  // 0: progressive
    std::uint8_t field_count = 0;
    PayloadType type = PayloadType::image;
    bool with_chunks = false;
    std::uint64_t timestamp = 0;             // ticks of the device
    ImageInfo image;                         // image and extended chunk
    std::uint64_t raw_size = 0;              // raw
    std::span<const std::byte> other_bytes;  // behind the time stamp, of types not decoded here
};

struct Trailer {
    PayloadType type = PayloadType::image;
    bool with_chunks = false;
    std::uint32_t size_y = 0;        // image and extended chunk: lines that were sent
    std::uint32_t chunk_size = 0;    // with chunks: bytes of data, all chunks included
    std::uint32_t chunk_layout = 0;  // image with chunks and extended chunk
    bool operator==(const Trailer&) const = default;
};

// Nothing if too short for its type.
std::optional<Leader> decode_leader(std::span<const std::byte> payload);
std::optional<Trailer> decode_trailer(std::span<const std::byte> payload);
// Bytes written, 0 if `into` is too small.
std::size_t encode_leader(const Leader& leader, std::span<std::byte> into);
std::size_t encode_trailer(const Trailer& trailer, std::span<std::byte> into);

// One part of a multipart block, 48 bytes in its leader.
struct Part {
    std::uint16_t data_type = 1;  // 1: a 2D image
    std::uint64_t length = 0;     // 48 bits
    std::uint32_t pixel_format = 0;
    std::uint8_t source_id = 0;
    std::uint8_t additional_zones = 0;
    std::uint32_t zone_directions = 0;
    std::uint16_t data_purpose = 0;
    std::uint16_t region = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t offset_x = 0;
    std::uint32_t offset_y = 0;
    std::uint16_t padding_x = 0;
    std::uint16_t padding_y = 0;
    bool operator==(const Part&) const = default;
};
inline constexpr std::size_t part_size = 48;

// The parts of a leader whose header announced `count` of them.
class PartList {
public:
    PartList(std::span<const std::byte> bytes, std::size_t count) : bytes_(bytes), count_(count) {}
    std::size_t size() const { return count_; }
    Part operator[](std::size_t i) const;  // i < size() (asserts)

private:
    std::span<const std::byte> bytes_;
    std::size_t count_;
};
std::optional<PartList> decode_parts(std::span<const std::byte> leader_payload, std::size_t count);
std::size_t encode_multipart_leader(std::uint64_t timestamp, std::span<const Part> parts,
                                    std::span<std::byte> into);

// The data packet of a multipart block: 8 bytes before the data.
struct PartData {
    std::uint8_t part = 0;
    std::uint8_t zone_info = 0;  // 0x40 end of part, 0x3E zone, 0x01 end of zone
    std::uint64_t offset = 0;    // 48 bits, from the beginning of the part
    std::span<const std::byte> data;
};
std::optional<PartData> decode_part_data(std::span<const std::byte> payload);
std::size_t encode_part_data(const PartData& part, std::span<std::byte> into);

// A whole block in one packet: leader, trailer, data.
struct AllIn {
    Leader leader;
    Trailer trailer;
    std::span<const std::byte> data;
};
std::optional<AllIn> decode_all_in(std::span<const std::byte> payload);
std::size_t encode_all_in(const AllIn& block, std::span<std::byte> into);

}  // namespace opal::protocol::gvsp
