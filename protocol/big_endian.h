// Big-endian integers in byte buffers: the byte order of the GigE Vision control and stream
// protocols and of chunk data on Ethernet.
//
// Rule: the caller has checked that the bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opal::protocol {

constexpr std::uint16_t load_be16(const std::byte* from) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(from[0]) << 8 |
                                      std::to_integer<unsigned>(from[1]));
}
constexpr std::uint32_t load_be32(const std::byte* from) {
    return std::uint32_t{load_be16(from)} << 16 | load_be16(from + 2);
}
constexpr std::uint64_t load_be64(const std::byte* from) {
    return std::uint64_t{load_be32(from)} << 32 | load_be32(from + 4);
}

constexpr void store_be16(std::byte* to, std::uint16_t value) {
    to[0] = static_cast<std::byte>(value >> 8);
    to[1] = static_cast<std::byte>(value & 0xFFu);
}
constexpr void store_be32(std::byte* to, std::uint32_t value) {
    store_be16(to, static_cast<std::uint16_t>(value >> 16));
    store_be16(to + 2, static_cast<std::uint16_t>(value & 0xFFFFu));
}
constexpr void store_be64(std::byte* to, std::uint64_t value) {
    store_be32(to, static_cast<std::uint32_t>(value >> 32));
    store_be32(to + 4, static_cast<std::uint32_t>(value & 0xFFFFFFFFu));
}

}  // namespace opal::protocol
