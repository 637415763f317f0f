// Philox: the only source of randomness in the simulator. Philox4x32-10 [Salmon 2011, section 3.3].
//
// A counter-based generator: 128 bits of counter and 64 bits of key in, 128 random bits out, no
// state. The rule: whoever needs randomness writes down a counter that says what the number is for
// (random_streams.h), so any number can be drawn at any time, in any order, by any thread.
#pragma once

#include <array>
#include <cstdint>

namespace opal::sim {

struct PhiloxKey {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
};

using PhiloxWords = std::array<std::uint32_t, 4>;

inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u;
inline constexpr std::uint32_t philox_weyl_1 = 0xBB67AE85u;
inline constexpr int philox_rounds = 10;

constexpr PhiloxWords philox(PhiloxWords counter, PhiloxKey key) {
    for (int round = 0; round < philox_rounds; ++round) {
        const std::uint64_t p0 = std::uint64_t{philox_multiplier_0} * counter[0];
        const std::uint64_t p1 = std::uint64_t{philox_multiplier_1} * counter[2];
        counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key.low,
                   static_cast<std::uint32_t>(p1),
                   static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key.high,
                   static_cast<std::uint32_t>(p0)};
        key.low += philox_weyl_0;
        key.high += philox_weyl_1;
    }
    return counter;
}

}  // namespace opal::sim
