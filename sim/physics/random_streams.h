// RandomStreams: which Philox counter belongs to which random number of the simulated bench.
//
// The key is the scene's seed. The counter says what is drawn; its last word names the stream, so
// no two uses can ever meet. Changing this file changes every frame of every scene.
//
//   stream           counter words 0, 1, 2                      the four words drawn serve
//   medium           mode, channel / 8, epoch                   8 complex entries (dense_medium.h)
//   pixel_maps       row, column, 0                             PRNU, DSNU, hot pixel of one pixel
//   noise            column, row / 4, frame (low word)          rows 4 (row / 4) + 0..3
//   mirrors          number of the draw, 0, 0                   one position
//   phase_drift      lattice point (64 bits), 0                 one normal
//   power_drift      lattice point (64 bits), 0                 one normal
//   power_noise      time in ns (64 bits), 0                    one normal
//   vibration        0, 0, 0                                    the phase of the vibration
//   diagonals        position / 64, which of the three, epoch   64 fourth roots of unity
#pragma once

#include "sim/physics/philox.h"

#include <cstdint>

namespace opal::sim {

enum class RandomStream : std::uint32_t {
    medium = 1,
    pixel_maps = 2,
    noise = 3,
    mirrors = 4,
    phase_drift = 5,
    power_drift = 6,
    power_noise = 7,
    vibration = 8,
    diagonals = 9,
    faults = 10,
};

constexpr PhiloxKey key_of(std::uint64_t seed) {
    return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

// `high` fills the upper 24 bits of the last word: the high bits of a frame number.
constexpr std::uint32_t stream_word(RandomStream stream, std::uint32_t high = 0) {
    return static_cast<std::uint32_t>(stream) | high << 8;
}

constexpr PhiloxWords draw(std::uint64_t seed, RandomStream stream, std::uint32_t a,
                           std::uint32_t b = 0, std::uint32_t c = 0) {
    return philox({a, b, c, stream_word(stream)}, key_of(seed));
}

constexpr PhiloxWords draw_at(std::uint64_t seed, RandomStream stream, std::int64_t point) {
    const auto bits = static_cast<std::uint64_t>(point);
    return draw(seed, stream, static_cast<std::uint32_t>(bits),
                static_cast<std::uint32_t>(bits >> 32));
}

}  // namespace opal::sim
