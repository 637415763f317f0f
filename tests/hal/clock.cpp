// Deadline arithmetic on a clock that stands still, and on one that does not. The clocks
// themselves run the contract suite.
#include "hal/clock.h"

#include <doctest/doctest.h>

using namespace opal::hal;
using namespace std::chrono_literals;

namespace {

class StoppedClock final : public Clock {
public:
    Time now() const override { return now_; }
    void wait_until(Time when) override { now_ = when > now_ ? when : now_; }

private:
    Time now_{1000ns};
};

// Each look takes 20 ns.
class BusyClock final : public Clock {
public:
    Time now() const override { return now_ += 20ns; }
    void wait_until(Time) override {}

private:
    mutable Time now_{0ns};
};

}  // namespace

TEST_CASE("a deadline passes at its moment, not before") {
    StoppedClock clock;
    const Deadline deadline = Deadline::after(clock, 50ns);
    CHECK(deadline.at == Time(1050ns));
    CHECK_FALSE(deadline.passed(clock));
    CHECK(deadline.left(clock) == 50ns);
    clock.wait_for(49ns);
    CHECK_FALSE(deadline.passed(clock));
    CHECK(deadline.left(clock) == 1ns);
    clock.wait_for(1ns);
    CHECK(deadline.passed(clock));
    CHECK(deadline.left(clock) == 0ns);
    clock.wait_for(1s);
    CHECK(deadline.left(clock) == 0ns);
    CHECK(Deadline::after(clock, Duration::max()).at == Time::max());
    CHECK(Deadline::after(clock, -1ns).passed(clock));
}

TEST_CASE("a deadline that passes while it is asked has nothing left") {
    const BusyClock clock;
    const Deadline deadline{Time(30ns)};
    CHECK(deadline.left(clock) == 10ns);  // asked at 20 ns
    CHECK(deadline.left(clock) == 0ns);   // at 40 ns
    CHECK(deadline.left(clock) == 0ns);
}
