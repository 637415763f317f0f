// The host's clock and the paced virtual clock keep the Clock contract.
#include "sim/table/virtual_clock.h"
#include "tests/contract/clock_suite.h"

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
