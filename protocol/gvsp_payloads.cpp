// GVSP leaders, trailers, parts and all-in blocks <-> bytes.
#include "protocol/gvsp_payloads.h"

#include "protocol/big_endian.h"

#include <algorithm>
#include <cassert>

namespace opal::protocol::gvsp {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t leader_head = 12;  // up to the time stamp
constexpr std::size_t image_info_size = 24;
constexpr std::size_t trailer_head = 4;
constexpr std::uint64_t largest_48_bits = 0xFFFFFFFFFFFFu;

bool has_image_info(PayloadType type) {
    return type == PayloadType::image || type == PayloadType::extended_chunk;
}

std::size_t leader_size(PayloadType type) {
    if (has_image_info(type)) return leader_head + image_info_size;
    return type == PayloadType::raw ? leader_head + 8 : leader_head;
}

std::size_t trailer_size(PayloadType type, bool with_chunks) {
    switch (type) {
        case PayloadType::image:
            return trailer_head + (with_chunks ? 12 : 4);
        case PayloadType::extended_chunk:
            return trailer_head + 12;
        case PayloadType::chunk_data:
            return trailer_head + 4;
        default:
            return trailer_head + (with_chunks ? 8 : 0);
    }
}

std::uint16_t type_field(PayloadType type, bool with_chunks) {
    return static_cast<std::uint16_t>(static_cast<unsigned>(type) |
                                      (with_chunks ? chunks_follow : 0u));
}

PayloadType type_of(std::uint16_t field) {
    return static_cast<PayloadType>(field & ~unsigned{chunks_follow});
}

ImageInfo load_image(const std::byte* from) {
    return {load_be32(from),      load_be32(from + 4),  load_be32(from + 8), load_be32(from + 12),
            load_be32(from + 16), load_be16(from + 20), load_be16(from + 22)};
}

void store_image(std::byte* to, const ImageInfo& image) {
    store_be32(to, image.pixel_format);
    store_be32(to + 4, image.size_x);
    store_be32(to + 8, image.size_y);
    store_be32(to + 12, image.offset_x);
    store_be32(to + 16, image.offset_y);
    store_be16(to + 20, image.padding_x);
    store_be16(to + 22, image.padding_y);
}

std::uint64_t load_48(const std::byte* from) {
    return std::uint64_t{load_be16(from)} << 32 | load_be32(from + 2);
}

void store_48(std::byte* to, std::uint64_t value) {
    store_be16(to, static_cast<std::uint16_t>(value >> 32));
    store_be32(to + 2, static_cast<std::uint32_t>(value & 0xFFFFFFFFu));
}

void store_leader_head(std::byte* to, const Leader& leader) {
    to[0] = static_cast<std::byte>((leader.field_id & 0xFu) << 4 | (leader.field_count & 0xFu));
    to[1] = std::byte{0};
    store_be16(to + 2, type_field(leader.type, leader.with_chunks));
    store_be64(to + 4, leader.timestamp);
}

}  // namespace

std::optional<Leader> decode_leader(Bytes payload) {
    if (payload.size() < leader_head) return std::nullopt;
    Leader leader;
    const auto fields = std::to_integer<unsigned>(payload[0]);
    leader.field_id = static_cast<std::uint8_t>(fields >> 4);
    leader.field_count = static_cast<std::uint8_t>(fields & 0xFu);
    const std::uint16_t type = load_be16(&payload[2]);
    leader.type = type_of(type);
    leader.with_chunks = (type & chunks_follow) != 0;
    leader.timestamp = load_be64(&payload[4]);
    if (payload.size() < leader_size(leader.type)) return std::nullopt;
    if (has_image_info(leader.type)) {
        leader.image = load_image(&payload[leader_head]);
    } else if (leader.type == PayloadType::raw) {
        leader.raw_size = load_be64(&payload[leader_head]);
    } else {
        leader.other_bytes = payload.subspan(leader_head);
    }
    return leader;
}

std::size_t encode_leader(const Leader& leader, std::span<std::byte> into) {
    const std::size_t known = leader_size(leader.type);
    const bool other = !has_image_info(leader.type) && leader.type != PayloadType::raw;
    const std::size_t size = known + (other ? leader.other_bytes.size() : 0);
    if (into.size() < size) return 0;
    store_leader_head(into.data(), leader);
    if (has_image_info(leader.type))
        store_image(&into[leader_head], leader.image);
    else if (leader.type == PayloadType::raw)
        store_be64(&into[leader_head], leader.raw_size);
    else
        std::copy(leader.other_bytes.begin(), leader.other_bytes.end(), into.begin() + leader_head);
    return size;
}

std::optional<Trailer> decode_trailer(Bytes payload) {
    if (payload.size() < trailer_head) return std::nullopt;
    Trailer trailer;
    const std::uint16_t type = load_be16(&payload[2]);
    trailer.type = type_of(type);
    trailer.with_chunks = (type & chunks_follow) != 0;
    if (payload.size() < trailer_size(trailer.type, trailer.with_chunks)) return std::nullopt;
    const Bytes rest = payload.subspan(trailer_head);
    switch (trailer.type) {
        case PayloadType::image:
            trailer.size_y = load_be32(&rest[0]);
            if (!trailer.with_chunks) break;
            trailer.chunk_size = load_be32(&rest[4]);
            trailer.chunk_layout = load_be32(&rest[8]);
            break;
        case PayloadType::extended_chunk:
            trailer.chunk_size = load_be32(&rest[0]);
            trailer.size_y = load_be32(&rest[4]);
            trailer.chunk_layout = load_be32(&rest[8]);
            break;
        case PayloadType::chunk_data:
            trailer.chunk_size = load_be32(&rest[0]);
            break;
        default:
            if (!trailer.with_chunks) break;
            trailer.chunk_size = load_be32(&rest[0]);
            trailer.chunk_layout = load_be32(&rest[4]);
    }
    return trailer;
}

std::size_t encode_trailer(const Trailer& trailer, std::span<std::byte> into) {
    const std::size_t size = trailer_size(trailer.type, trailer.with_chunks);
    if (into.size() < size) return 0;
    store_be16(&into[0], 0);
    store_be16(&into[2], type_field(trailer.type, trailer.with_chunks));
    const auto rest = into.subspan(trailer_head);
    switch (trailer.type) {
        case PayloadType::image:
            store_be32(&rest[0], trailer.size_y);
            if (!trailer.with_chunks) break;
            store_be32(&rest[4], trailer.chunk_size);
            store_be32(&rest[8], trailer.chunk_layout);
            break;
        case PayloadType::extended_chunk:
            store_be32(&rest[0], trailer.chunk_size);
            store_be32(&rest[4], trailer.size_y);
            store_be32(&rest[8], trailer.chunk_layout);
            break;
        case PayloadType::chunk_data:
            store_be32(&rest[0], trailer.chunk_size);
            break;
        default:
            if (!trailer.with_chunks) break;
            store_be32(&rest[0], trailer.chunk_size);
            store_be32(&rest[4], trailer.chunk_layout);
    }
    return size;
}

Part PartList::operator[](std::size_t i) const {
    assert(i < count_);
    const std::byte* const from = bytes_.data() + i * part_size;
    Part part;
    part.data_type = load_be16(from);
    part.length = load_48(from + 2);
    part.pixel_format = load_be32(from + 8);
    part.source_id = std::to_integer<std::uint8_t>(from[14]);
    part.additional_zones = std::to_integer<std::uint8_t>(from[15]);
    part.zone_directions = load_be32(from + 16);
    part.data_purpose = load_be16(from + 20);
    part.region = load_be16(from + 22);
    part.width = load_be32(from + 24);
    part.height = load_be32(from + 28);
    part.offset_x = load_be32(from + 32);
    part.offset_y = load_be32(from + 36);
    part.padding_x = load_be16(from + 40);
    part.padding_y = load_be16(from + 42);
    return part;
}

std::optional<PartList> decode_parts(Bytes leader_payload, std::size_t count) {
    if (leader_payload.size() < leader_head ||
        (leader_payload.size() - leader_head) / part_size < count)
        return std::nullopt;
    return PartList(leader_payload.subspan(leader_head), count);
}

std::size_t encode_multipart_leader(std::uint64_t timestamp, std::span<const Part> parts,
                                    std::span<std::byte> into) {
    const std::size_t size = leader_head + parts.size() * part_size;
    if (into.size() < size || parts.size() > 0xFF) return 0;
    Leader head;
    head.type = PayloadType::multipart;
    head.timestamp = timestamp;
    store_leader_head(into.data(), head);
    std::fill_n(into.begin() + leader_head, size - leader_head, std::byte{0});
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Part& part = parts[i];
        if (part.length > largest_48_bits) return 0;
        std::byte* const to = &into[leader_head + i * part_size];
        store_be16(to, part.data_type);
        store_48(to + 2, part.length);
        store_be32(to + 8, part.pixel_format);
        to[14] = std::byte{part.source_id};
        to[15] = std::byte{part.additional_zones};
        store_be32(to + 16, part.zone_directions);
        store_be16(to + 20, part.data_purpose);
        store_be16(to + 22, part.region);
        store_be32(to + 24, part.width);
        store_be32(to + 28, part.height);
        store_be32(to + 32, part.offset_x);
        store_be32(to + 36, part.offset_y);
        store_be16(to + 40, part.padding_x);
        store_be16(to + 42, part.padding_y);
    }
    return size;
}

std::optional<PartData> decode_part_data(Bytes payload) {
    if (payload.size() < 8) return std::nullopt;
    return PartData{std::to_integer<std::uint8_t>(payload[0]),
                    std::to_integer<std::uint8_t>(payload[1]), load_48(&payload[2]),
                    payload.subspan(8)};
}

std::size_t encode_part_data(const PartData& part, std::span<std::byte> into) {
    const std::size_t size = 8 + part.data.size();
    if (into.size() < size || part.offset > largest_48_bits) return 0;
    into[0] = std::byte{part.part};
    into[1] = std::byte{part.zone_info};
    store_48(&into[2], part.offset);
    std::copy(part.data.begin(), part.data.end(), into.begin() + 8);
    return size;
}

std::optional<AllIn> decode_all_in(Bytes payload) {
    AllIn block;
    const auto leader = decode_leader(payload);
    if (!leader) return std::nullopt;
    const std::size_t head = leader_size(leader->type);
    const auto trailer = decode_trailer(payload.subspan(head));
    if (!trailer) return std::nullopt;
    block.leader = *leader;
    block.leader.other_bytes = {};
    block.trailer = *trailer;
    block.data = payload.subspan(head + trailer_size(trailer->type, trailer->with_chunks));
    return block;
}

std::size_t encode_all_in(const AllIn& block, std::span<std::byte> into) {
    const std::size_t head = encode_leader(block.leader, into);
    if (head == 0) return 0;
    const std::size_t tail = encode_trailer(block.trailer, into.subspan(head));
    if (tail == 0 || into.size() - head - tail < block.data.size()) return 0;
    std::copy(block.data.begin(), block.data.end(),
              into.begin() + static_cast<std::ptrdiff_t>(head + tail));
    return head + tail + block.data.size();
}

}  // namespace opal::protocol::gvsp
