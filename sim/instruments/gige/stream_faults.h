// StreamFaults: what goes wrong with stream packets on the way, drawn by seed, block and packet, so
// that a run can be repeated. Only the first transmission suffers: packets sent again arrive.
#pragma once

#include "sim/physics/philox.h"

#include <cstdint>

namespace opal::sim {

struct StreamFaults {
    std::uint64_t seed = 1;
    double lost = 0;           // share of packets that never arrive
    double doubled = 0;        // that arrive twice
    double swapped = 0;        // that arrive after the next one
    bool deny_resend = false;  // what is asked for again is no longer available
    double lost_blocks = 0;    // share of frames of which not one packet arrives

    enum class Fate { arrives, lost, doubled, swapped };

    Fate fate(std::uint64_t block, std::uint32_t packet) const {
        if (lost + doubled + swapped + lost_blocks <= 0) return Fate::arrives;
        constexpr std::uint32_t no_packet = 0xFFFFFFFF;  // ids have 24 bits in most streams
        if (lost_blocks > 0 && drawn(block, no_packet) < lost_blocks) return Fate::lost;
        const double draw = drawn(block, packet);
        if (draw < lost) return Fate::lost;
        if (draw < lost + doubled) return Fate::doubled;
        return draw < lost + doubled + swapped ? Fate::swapped : Fate::arrives;
    }

private:
    double drawn(std::uint64_t block, std::uint32_t packet) const {
        const auto words =
            philox({packet, static_cast<std::uint32_t>(block),
                    static_cast<std::uint32_t>(block >> 32), 0x47565350},
                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
        return words[0] * 0x1p-32;
    }
};

}  // namespace opal::sim
