// The host's clock and the paced virtual clock keep the Clock contract.
#include "sim/table/virtual_clock.h"
#include "tests/contract/clock_suite.h"

#include <thread>

namespace {

using namespace opal;

class HostClock {
public:
    hal::Clock& clock() { return clock_; }

private:
    hal::SteadyClock clock_;
};

class PacedClock {
public:
    hal::Clock& clock() { return clock_; }

private:
    hal::SteadyClock host_;
    sim::VirtualClock clock_{&host_};
};

class FreeClock {
public:
    hal::Clock& clock() { return clock_; }

private:
    sim::VirtualClock clock_;
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(HostClock);
TYPE_TO_STRING(PacedClock);
TYPE_TO_STRING(FreeClock);

OPAL_CLOCK_SUITE(HostClock, PacedClock, FreeClock);

TEST_CASE("time stands still while something happens, whoever else waits") {
    using namespace std::chrono_literals;
    hal::SteadyClock host;
    sim::VirtualClock clock{&host};
    hal::Time before;
    hal::Time after;
    // The last on the agenda, and longer than everybody's waits.
    clock.call_at(clock.now() + 5ms, [&] {
        before = clock.now();
        host.wait_for(40ms);
        after = clock.now();
    });
    std::thread other([&] { clock.wait_for(15ms); });
    clock.wait_for(10ms);
    other.join();
    CHECK(before.time_since_epoch() == 5ms);
    CHECK(after == before);
}
