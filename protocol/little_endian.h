// Little-endian integers in byte buffers: the byte order of USB, of bitmap files and of TI's DMD
// controllers.
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
