// Host time in checks: what a program on a slow or busy host can say about moments of a bench. A
// call happened sometime between its beginning and its end; what follows from that always has to
// hold, and where it does not follow, the check is made again with longer periods.
#pragma once

#include "contract/trial.h"
#include "hal/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace opal::contract {

// Something a call did, at a moment between the two.
struct Happened {
    hal::Time from;
    hal::Time to;
};

template <typename Call>
Happened happened(const hal::Clock& clock, Call&& call) {
    const hal::Time from = clock.now();
    call();
    return {from, clock.now()};
}

// How far apart two such moments may be. On virtual time, where calls take none, both are the same.
struct Apart {
    hal::Duration least;
    hal::Duration most;
};

inline Apart apart(const Happened& first, const Happened& second) {
    return {std::max(hal::Duration{0}, second.from - first.to), second.to - first.from};
}

// How many of `entries` have begun so long after the start.
inline std::uint64_t begun(hal::Duration since_start, hal::Duration period, std::uint64_t entries) {
    const auto whole = std::max(hal::Duration{0}, since_start) / period;
    return std::min(entries, static_cast<std::uint64_t>(whole) + 1);
}

// Calls look(slower) with ever longer times to add to a period, until it returns true: it has met
// the moments it is about. It returns false where it came too late to tell; then it has stopped
// what it began. A host that never comes in time has not seen the bench do what it should: that is
// a failure, as is anything that look() found wrong on its way.
template <typename Look>
void patiently(Trial& trial, Look&& look) {
    const std::size_t failures = trial.failures().size();
    for (hal::Duration slower = std::chrono::milliseconds(4); slower <= std::chrono::seconds(2);
         slower *= 4)
        if (look(slower) || trial.failures().size() > failures) return;
    trial.expect(false, "not seen in time, however slowly it was asked: the bench or this host",
                 "host time", 0);
}

}  // namespace opal::contract
