// EntrySums: entries of DenseMedium drawn, multiplied and added up in registers, without being
// stored anywhere between. What projects when the matrix does not fit into memory.
//
// Philox's first rounds mix the mode alone, or the channel group alone [Salmon 2011, section 3.3;
// counters in random_streams.h]: round 0 is free, round 1 too, of round 2 one product is left.
// Those parts are computed once per mode and once per group.
//
// A plain form, which defines it, and a form for the widest vector registers of the machine
// (Highway, chosen at run time). Both give the same integers.
#pragma once

#include "sim/physics/medium.h"
#include "sim/physics/philox.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::sim {

using ChannelGroup = MediumScratch::Group;

struct EntrySums {
    PhiloxKey key;
    std::uint32_t epoch = 0;
    std::uint32_t first_mode = 0;
    std::size_t modes = 0;
};

// field[2 m], field[2 m + 1] += re and im of the sum over groups of entries times amplitudes, for
// modes first_mode + m.
void add_entry_sums_plain(const EntrySums& sums, std::span<const ChannelGroup> groups,
                          std::int64_t* field);
void add_entry_sums(const EntrySums& sums, std::span<const ChannelGroup> groups,
                    std::int64_t* field);

}  // namespace opal::sim
