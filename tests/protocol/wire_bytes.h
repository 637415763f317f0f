// Bytes as the documents print them, for tests of the codecs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace opal::tests {

// "42 01 | 00 80": hexadecimal digits; everything else only separates.
inline std::vector<std::byte> hex(std::string_view text) {
    std::vector<std::byte> bytes;
    int high = -1;
    for (const char c : text) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) continue;
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<std::byte>(high * 16 + digit));
            high = -1;
        }
    }
    return bytes;
}

inline std::vector<std::byte> zeros(std::size_t count) {
    return std::vector<std::byte>(count);
}

inline std::vector<std::byte> operator+(std::vector<std::byte> a, std::span<const std::byte> b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// What `encode(span)` writes into room for `room` bytes: exactly what it says it wrote.
template <typename Encode>
std::vector<std::byte> encoded(Encode&& encode, std::size_t room = 2048) {
    std::vector<std::byte> bytes(room, std::byte{0xEE});
    bytes.resize(encode(std::span<std::byte>(bytes)));
    return bytes;
}

// Calls `decode` with every beginning of `bytes` in storage of just that size, so that reading
// beyond it is found by the sanitizers, and checks that only the whole decodes.
template <typename Decode>
bool only_whole_decodes(const std::vector<std::byte>& bytes, Decode&& decode) {
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const std::vector<std::byte> cut(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(length));
        if (static_cast<bool>(decode(std::span<const std::byte>(cut))) != (length == bytes.size()))
            return false;
    }
    return true;
}

// Encoders given one byte less than they need write nothing.
template <typename Encode>
bool refuses_small_room(const std::vector<std::byte>& bytes, Encode&& encode) {
    for (std::size_t room = 0; room < bytes.size(); ++room)
        if (!encoded(encode, room).empty()) return false;
    return encoded(encode, bytes.size()) == bytes;
}

}  // namespace opal::tests
