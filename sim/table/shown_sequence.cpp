// ShownSequence: where in a sequence a moment lies.
#include "sim/table/shown_sequence.h"

#include <algorithm>

namespace opal::sim {

std::uint64_t ShownSequence::entries_begun(hal::Duration since_start) const {
    if (since_start < hal::Duration{0}) return 0;
    std::uint64_t before = 0;
    if (repeat) {
        const auto rounds = since_start / period;
        before = static_cast<std::uint64_t>(rounds) * entries.size();
        since_start -= rounds * period;
    }
    const auto behind =
        std::upper_bound(entries.begin(), entries.end(), since_start,
                         [](hal::Duration at, const Entry& entry) { return at < entry.begin; });
    return before + static_cast<std::uint64_t>(behind - entries.begin());
}

}  // namespace opal::sim
