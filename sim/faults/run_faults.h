// Run faults: what a sequencer or a trigger cable in trouble makes of a sequence. Pure functions of
// what was asked.
#pragma once

#include "sim/faults/fault.h"
#include "sim/table/shown_sequence.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace opal::sim {

struct RunTrouble {
    const Fault& fault;
    std::uint64_t& frame;  // where it strikes; moved to where it can
    double chance;         // in [0, 1), for whatever else has to be drawn
    const std::function<std::shared_ptr<const ChannelAmplitudes>(std::size_t)>& older;
    std::uint64_t& missed;  // edges the camera drops and counts
};

// `shown` and `edges`: what was asked (one edge an entry, at least six), changed into what happens.
// False: there was nothing to spoil, and nothing was changed.
bool spoil_sequence(const RunTrouble& trouble, ShownSequence& shown,
                    std::vector<hal::Duration>& edges);

}  // namespace opal::sim
