// PatternRows: a DMD pattern as the tables `runs` and `lines` hold it: equal neighbouring rows are
// one line and the number of the row after the last of them.
#pragma once

#include "hal/bit_pattern.h"

#include <cstdint>
#include <vector>

namespace opal::replay {

struct PatternRuns {
    std::vector<std::uint32_t> ends;   // ascending; the last is the number of rows
    std::vector<std::uint64_t> words;  // (runs, words per row)
    bool operator==(const PatternRuns&) const = default;
};

// In the table `loaded`: a pattern whose shape is not the DMD's.
inline constexpr std::uint64_t foreign_pattern = UINT64_MAX;

// The shortest form: neighbouring lines differ.
PatternRuns runs_of(const hal::BitPattern& pattern);
std::uint64_t hash_of(const PatternRuns& runs);

}  // namespace opal::replay
