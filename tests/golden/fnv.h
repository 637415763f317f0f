// Fnv: 64-bit FNV-1a (Fowler, Noll and Vo), the fingerprint of a frame. Short, portable and
// published; not cryptographic, which golden hashes do not need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::golden {

class Fnv {
public:
    void add(std::span<const std::byte> bytes) {
        for (const std::byte b : bytes) {
            hash_ ^= std::to_integer<std::uint64_t>(b);
            hash_ *= 0x100000001b3u;
        }
    }
    void add(std::int64_t value) {  // 8 bytes, lowest first
        for (int n = 0; n < 8; ++n) {
            const auto b = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * n));
            add(std::span(&b, 1));
        }
    }
    std::uint64_t value() const { return hash_; }

private:
    std::uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace opal::golden
