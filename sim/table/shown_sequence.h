// ShownSequence: a DMD's programmed sequence with slots resolved to light and times to offsets.
// Immutable and shared: the pattern timeline, the trigger cable and exposures under way all look at
// the same one, whatever the DMD's memory holds by then.
#pragma once

#include "hal/clock.h"
#include "sim/physics/optics.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace opal::sim {

struct ShownSequence {
    struct Entry {
        hal::Duration begin{0};  // from the start of a round to the command of the pattern
        hal::Duration end{0};    // to the command of all off
        std::shared_ptr<const ChannelAmplitudes> light;
    };
    std::vector<Entry> entries;                               // in time, not empty
    std::shared_ptr<const std::vector<hal::Duration>> edges;  // begin of the triggered entries
    hal::Duration period{0};                                  // of one round, last dark included
    bool repeat = false;

    // Entries whose begin has come `since_start` after the start.
    std::uint64_t entries_begun(hal::Duration since_start) const;
};

}  // namespace opal::sim
