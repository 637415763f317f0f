// U3vFaults: what goes wrong between a virtual USB3 Vision camera and its host, drawn by seed and
// by number of frame or command, so that a run can be repeated.
#pragma once

#include "hal/clock.h"
#include "sim/physics/philox.h"

#include <cstdint>

namespace opal::sim {

struct U3vFaults {
    std::uint64_t seed = 1;
    // Shares of frames.
    double lost = 0;           // never sent: a gap in block ids
    double short_payload = 0;  // ends early, and its trailer says so
    double silent_short = 0;   // ends early, and its trailer says it is whole
    double no_trailer = 0;
    double overrun = 0;  // whole, but the trailer's status says that data were lost
    double stalled = 0;  // the stream endpoint halts in mid frame
    // Shares of commands.
    double lost_ack = 0;
    double stale_ack = 0;  // the acknowledge of the command before comes first, once more
    double pending = 0;    // a pending acknowledge, and the real one as late as it says
    // Every acknowledge comes so much later.
    hal::Duration slow_reply{0};

    enum class Fate { fine, lost, short_payload, silent_short, no_trailer, overrun, stalled };
    enum class Reply { fine, lost, stale, pending };

    Fate fate(std::uint64_t frame) const {
        double draw = uniform(frame, 0x55335653);
        const auto within = [&](double share) {
            draw -= share;
            return draw < 0;
        };
        if (within(lost)) return Fate::lost;
        if (within(short_payload)) return Fate::short_payload;
        if (within(silent_short)) return Fate::silent_short;
        if (within(no_trailer)) return Fate::no_trailer;
        if (within(overrun)) return Fate::overrun;
        return within(stalled) ? Fate::stalled : Fate::fine;
    }
    Reply reply(std::uint64_t command) const {
        double draw = uniform(command, 0x55335643);
        const auto within = [&](double share) {
            draw -= share;
            return draw < 0;
        };
        if (within(lost_ack)) return Reply::lost;
        if (within(stale_ack)) return Reply::stale;
        return within(pending) ? Reply::pending : Reply::fine;
    }

private:
    double uniform(std::uint64_t number, std::uint32_t kind) const {
        const auto words = philox(
            {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), 0, kind},
            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
        return words[0] * 0x1p-32;
    }
};

}  // namespace opal::sim
