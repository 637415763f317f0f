// LaserTimeline: the laser's mean power over virtual time, as a fraction of its maximum, 65536 = 1.
//
// Piecewise linear: off is 0, and after emission begins the power rises linearly from 0 to the set
// power over the warm-up. Noise and drift come on top, in the physics. Integers only. Not
// thread-safe: the table's lock guards it.
#pragma once

#include "hal/clock.h"

#include <cstdint>
#include <deque>

namespace opal::sim {

class LaserTimeline {
public:
    // From `at` on: `power_q16` times the ramp that began at `ramp_begin` and takes `ramp`.
    void set(hal::Duration at, std::uint32_t power_q16, hal::Duration ramp_begin,
             hal::Duration ramp);
    void set_off(hal::Duration at);

    // The mean over [from, to), which must not cross next_change(from).
    std::uint32_t mean_q16(hal::Duration from, hal::Duration to) const;
    // The first moment after `at` at which the law of the power changes.
    hal::Duration next_change(hal::Duration at) const;
    // Nobody will ask for times before `before` again.
    void forget(hal::Duration before);

private:
    struct Piece {
        hal::Duration begin{0};
        std::uint32_t power_q16 = 0;  // at the end of the ramp
        hal::Duration ramp_begin{0};
        hal::Duration ramp{0};  // 0: constant
    };
    std::deque<Piece>::const_iterator piece_at(hal::Duration at) const;

    std::deque<Piece> pieces_{Piece{}};
};

}  // namespace opal::sim
