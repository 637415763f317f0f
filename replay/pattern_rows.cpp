// PatternRows: see pattern_rows.h.
#include "replay/pattern_rows.h"

#include <algorithm>

namespace opal::replay {

PatternRuns runs_of(const hal::BitPattern& pattern) {
    PatternRuns runs;
    const auto width = static_cast<std::ptrdiff_t>(pattern.words_per_row());
    for (int row = 0; row < pattern.rows();) {
        const int end = pattern.end_of_run(row);
        const auto line = pattern.row_words(row);
        const bool same =
            !runs.ends.empty() && std::equal(line.begin(), line.end(), runs.words.end() - width);
        if (same) {
            runs.ends.back() = static_cast<std::uint32_t>(end);
        } else {
            runs.ends.push_back(static_cast<std::uint32_t>(end));
            runs.words.insert(runs.words.end(), line.begin(), line.end());
        }
        row = end;
    }
    return runs;
}

// Multiplicative, 64 bits: a collision would make a
// recording claim another pattern was shown, so all bits have to take part.
std::uint64_t hash_of(const PatternRuns& runs) {
    std::uint64_t hash = 0x9E3779B97F4A7C15u;
    const auto mix = [&](std::uint64_t value) {
        hash ^= value;
        hash *= 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 29;
        hash *= 0x94D049BB133111EBu;
        hash ^= hash >> 32;
    };
    for (const std::uint32_t end : runs.ends) mix(end);
    for (const std::uint64_t word : runs.words) mix(word);
    return hash;
}

}  // namespace opal::replay
