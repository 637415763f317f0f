// GVSP headers <-> bytes.
#include "protocol/gvsp.h"

#include "protocol/big_endian.h"

namespace opal::protocol::gvsp {
namespace {

constexpr unsigned extended_bit = 0x80;

}  // namespace

std::optional<Packet> decode_packet(std::span<const std::byte> datagram) {
    if (datagram.size() < standard_header_size) return std::nullopt;
    const auto kind = std::to_integer<unsigned>(datagram[4]);
    Header header;
    header.status = static_cast<gvcp::Status>(load_be16(&datagram[0]));
    header.extended = (kind & extended_bit) != 0;
    header.format = static_cast<Format>(kind & ~extended_bit);
    if (header.extended) {
        if (datagram.size() < extended_header_size) return std::nullopt;
        header.flags = load_be16(&datagram[2]);
        header.parts = std::to_integer<std::uint8_t>(datagram[7]);
        header.block = load_be64(&datagram[8]);
        header.packet = load_be32(&datagram[16]);
    } else {
        header.block = load_be16(&datagram[2]);
        header.packet = load_be32(&datagram[4]) & last_standard_packet;
    }
    return Packet{header, datagram.subspan(header.size())};
}

std::size_t encode_header(const Header& header, std::span<std::byte> into) {
    if (into.size() < header.size()) return 0;
    const auto format = static_cast<unsigned>(header.format);
    if (format >= extended_bit) return 0;
    if (header.extended) {
        store_be16(&into[0], static_cast<std::uint16_t>(header.status));
        store_be16(&into[2], header.flags);
        store_be32(&into[4], (extended_bit | format) << 24 | header.parts);
        store_be64(&into[8], header.block);
        store_be32(&into[16], header.packet);
        return header.size();
    }
    if (header.block > last_standard_block || header.packet > last_standard_packet ||
        header.flags != 0 || header.parts != 0)
        return 0;
    store_be16(&into[0], static_cast<std::uint16_t>(header.status));
    store_be16(&into[2], static_cast<std::uint16_t>(header.block));
    store_be32(&into[4], format << 24 | header.packet);
    return header.size();
}

}  // namespace opal::protocol::gvsp
