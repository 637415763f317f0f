// USB3 Vision leaders and trailers <-> bytes.
#include "protocol/u3v_stream.h"

#include "protocol/little_endian.h"

#include <algorithm>

namespace opal::protocol::u3v {
namespace {

constexpr std::uint32_t leader_prefix = 0x4C563355;   // "U3VL"
constexpr std::uint32_t trailer_prefix = 0x54563355;  // "U3VT"

// The bytes that the size field says, if it says no fewer than `least`.
std::optional<std::span<const std::byte>> framed(std::span<const std::byte> bytes,
                                                 std::uint32_t prefix, std::size_t least) {
    if (bytes.size() < least || load_le32(&bytes[0]) != prefix) return std::nullopt;
    const std::size_t size = load_le16(&bytes[6]);
    if (size < least || size > bytes.size()) return std::nullopt;
    return bytes.first(size);
}

std::span<std::byte> begin(std::uint32_t prefix, std::uint64_t block_id, std::size_t size,
                           std::span<std::byte> into) {
    if (into.size() < size) return {};
    std::fill_n(into.begin(), size, std::byte{0});
    store_le32(&into[0], prefix);
    store_le16(&into[6], static_cast<std::uint16_t>(size));
    store_le64(&into[8], block_id);
    return into.first(size);
}

std::size_t trailer_size(PayloadType type) {
    switch (type) {
        case PayloadType::image:
        case PayloadType::chunks:
            return image_trailer_size;
        case PayloadType::image_and_chunks:
            return image_and_chunks_trailer_size;
        case PayloadType::gendc:
            break;
    }
    return bare_trailer_size;
}

}  // namespace

std::optional<Leader> decode_leader(std::span<const std::byte> bytes) {
    const auto whole = framed(bytes, leader_prefix, bare_leader_size);
    if (!whole) return std::nullopt;
    const std::byte* const at = whole->data();
    Leader leader;
    leader.block_id = load_le64(at + 8);
    leader.type = static_cast<PayloadType>(load_le16(at + 18));
    leader.timestamp_ns = load_le64(at + 20);
    if (!leader.has_image()) return leader;
    if (whole->size() < image_leader_size) return std::nullopt;
    leader.pixel_format = load_le32(at + 28);
    leader.size_x = load_le32(at + 32);
    leader.size_y = load_le32(at + 36);
    leader.offset_x = load_le32(at + 40);
    leader.offset_y = load_le32(at + 44);
    leader.padding_x = load_le16(at + 48);
    return leader;
}

std::optional<Trailer> decode_trailer(std::span<const std::byte> bytes, PayloadType type) {
    const auto whole = framed(bytes, trailer_prefix, trailer_size(type));
    if (!whole) return std::nullopt;
    const std::byte* const at = whole->data();
    Trailer trailer;
    trailer.block_id = load_le64(at + 8);
    trailer.status = static_cast<Status>(load_le16(at + 16));
    trailer.valid_bytes = load_le64(at + 20);
    if (type == PayloadType::image || type == PayloadType::image_and_chunks)
        trailer.size_y = load_le32(at + 28);
    if (type == PayloadType::chunks) trailer.chunk_layout = load_le32(at + 28);
    if (type == PayloadType::image_and_chunks) trailer.chunk_layout = load_le32(at + 32);
    return trailer;
}

std::size_t encode_leader(const Leader& leader, std::span<std::byte> into) {
    const auto out = begin(leader_prefix, leader.block_id,
                           leader.has_image() ? image_leader_size : bare_leader_size, into);
    if (out.empty()) return 0;
    store_le16(&out[18], static_cast<std::uint16_t>(leader.type));
    store_le64(&out[20], leader.timestamp_ns);
    if (!leader.has_image()) return out.size();
    store_le32(&out[28], leader.pixel_format);
    store_le32(&out[32], leader.size_x);
    store_le32(&out[36], leader.size_y);
    store_le32(&out[40], leader.offset_x);
    store_le32(&out[44], leader.offset_y);
    store_le16(&out[48], leader.padding_x);
    return out.size();
}

std::size_t encode_trailer(const Trailer& trailer, PayloadType type, std::span<std::byte> into) {
    const auto out = begin(trailer_prefix, trailer.block_id, trailer_size(type), into);
    if (out.empty()) return 0;
    store_le16(&out[16], static_cast<std::uint16_t>(trailer.status));
    store_le64(&out[20], trailer.valid_bytes);
    if (type == PayloadType::image || type == PayloadType::image_and_chunks)
        store_le32(&out[28], trailer.size_y);
    if (type == PayloadType::chunks) store_le32(&out[28], trailer.chunk_layout);
    if (type == PayloadType::image_and_chunks) store_le32(&out[32], trailer.chunk_layout);
    return out.size();
}

}  // namespace opal::protocol::u3v
