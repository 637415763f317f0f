// Deadline arithmetic on a clock that stands still. The clocks themselves run the contract suite.
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
