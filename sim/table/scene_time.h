// Times of a scene (double, microseconds or seconds, as people write them) -> hal::Duration
// (integer nanoseconds, as the table counts). Rounded once, here, so that every part sees the same
// moment.
#pragma once

#include "hal/clock.h"

#include <cmath>

namespace opal::sim {

inline hal::Duration from_microseconds(double us) {
    return hal::Duration{static_cast<hal::Duration::rep>(std::llround(us * 1e3))};
}

inline hal::Duration from_seconds(double s) {
    return hal::Duration{static_cast<hal::Duration::rep>(std::llround(s * 1e9))};
}

}  // namespace opal::sim
