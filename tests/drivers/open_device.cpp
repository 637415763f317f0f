// Opening devices: what is refused before a device is looked for.
#include "drivers/open_device.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal;

TEST_CASE("a DLPC900 is not opened for negative trigger pulses, which it would not give") {
    hal::SteadyClock clock;
    drivers::TriggerWiring wiring;
    wiring.negative = true;
    try {
        // There is no such device: without the polarity this is another fault.
        drivers::open_dmd({drivers::DeviceKind::dlpc900, "no-such-serial", 0}, clock, wiring);
        FAIL("opened");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::unsupported);
        CHECK(std::string(error.what()).find("polarity must be positive") != std::string::npos);
    }
}
