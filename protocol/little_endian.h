// Little-endian integers in byte buffers: the byte order of USB, USB3 Vision, bitmap files and
// TI's DMD controllers.
//
// Rule: the caller has checked that the bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace opal::protocol {

constexpr std::uint16_t load_le16(const std::byte* from) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(from[0]) |
                                      std::to_integer<unsigned>(from[1]) << 8);
}
constexpr std::uint32_t load_le32(const std::byte* from) {
    return load_le16(from) | std::uint32_t{load_le16(from + 2)} << 16;
}
constexpr std::uint64_t load_le64(const std::byte* from) {
    return load_le32(from) | std::uint64_t{load_le32(from + 4)} << 32;
}

constexpr void store_le16(std::byte* to, std::uint16_t value) {
    to[0] = static_cast<std::byte>(value & 0xFFu);
    to[1] = static_cast<std::byte>(value >> 8);
}
constexpr void store_le32(std::byte* to, std::uint32_t value) {
    store_le16(to, static_cast<std::uint16_t>(value & 0xFFFFu));
    store_le16(to + 2, static_cast<std::uint16_t>(value >> 16));
}
constexpr void store_le64(std::byte* to, std::uint64_t value) {
    store_le32(to, static_cast<std::uint32_t>(value & 0xFFFFFFFFu));
    store_le32(to + 4, static_cast<std::uint32_t>(value >> 32));
}

inline void append_u8(std::vector<std::byte>& to, std::uint32_t value) {
    to.push_back(static_cast<std::byte>(value & 0xFFu));
}
inline void append_le16(std::vector<std::byte>& to, std::uint32_t value) {
    append_u8(to, value);
    append_u8(to, value >> 8);
}
inline void append_le32(std::vector<std::byte>& to, std::uint32_t value) {
    append_le16(to, value);
    append_le16(to, value >> 16);
}

}  // namespace opal::protocol
