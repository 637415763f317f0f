// Clock and Deadline: the only way anything in OPAL knows or spends time.
//
// Libraries never sleep or read a system clock on their own: they are given a Clock. On a real
// bench it is the steady clock of the host; on a simulated bench it is virtual and a wait costs
// nothing.
#pragma once

#include <chrono>

namespace opal::hal {

using Duration = std::chrono::nanoseconds;

// A point in time, counted from an epoch the clock chooses. Only differences and order mean
// anything.
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// For users:
//   - now() never goes back.
//   - wait_until() returns at or after `when`, at once if that is past; signals do not shorten it.
// For drivers:
//   - Implement both for one time base, safe to call from several threads.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    virtual void wait_until(Time when) = 0;

    void wait_for(Duration span) { wait_until(now() + span); }
};

// The moment at which a wait gives up. Passed by value to every call that can block.
struct Deadline {
    Time at;

    // A span beyond the end of time is a deadline at the end of time.
    static Deadline after(const Clock& clock, Duration span) {
        const Time now = clock.now();
        return {span < Time::max() - now ? now + span : Time::max()};
    }
    bool passed(const Clock& clock) const { return clock.now() >= at; }
    // Never negative: a deadline that passes while it is asked has nothing left.
    Duration left(const Clock& clock) const {
        const Time now = clock.now();
        return at > now ? at - now : Duration{0};
    }
};

// The host's steady clock: what real benches run on.
class SteadyClock final : public Clock {
public:
    Time now() const override;
    void wait_until(Time when) override;
};

}  // namespace opal::hal
