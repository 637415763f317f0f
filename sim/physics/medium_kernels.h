// MediumKernels: the two inner loops of DenseMedium, drawing entries and summing fields.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine it runs on (Highway, chosen at run time). Both give the same integers.
#pragma once

#include "sim/physics/medium.h"
#include "sim/physics/philox.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::sim {

// For m < modes and w < 4: the four bytes entries[4 * (w * stride + m)...] become
// gaussian_table of the bytes of word w of philox({first_mode + m, group, epoch, stream}, key).
struct EntryDraw {
    PhiloxKey key;
    std::uint32_t first_mode = 0;
    std::uint32_t group = 0;
    std::uint32_t epoch = 0;
    std::size_t modes = 0;
    std::size_t stride = 0;  // modes from one pair's row of entries to the next
};
void draw_entries_plain(const EntryDraw& draw, std::int8_t* entries);
void draw_entries(const EntryDraw& draw, std::int8_t* entries);

// sums[2 m] += re even * even + re odd * odd, sums[2 m + 1] likewise with im, for every pair.
// rows[p]: the entries of pairs[p], (modes, 4) bytes. |even|, |odd| <= 4096, so at most
// safe_pairs pairs may be added into sums that start at 0.
inline constexpr std::size_t safe_pairs = 2048;  // 2^31 / (127 * 4096 * 2) = 2064
void sum_pairs_plain(std::span<const MediumScratch::Pair> pairs,
                     std::span<const std::int8_t* const> rows, std::size_t modes,
                     std::int32_t* sums);
void sum_pairs(std::span<const MediumScratch::Pair> pairs, std::span<const std::int8_t* const> rows,
               std::size_t modes, std::int32_t* sums);

}  // namespace opal::sim
