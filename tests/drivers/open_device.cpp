// Opening devices: what is refused before a device is looked for.
#include "drivers/open_device.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace opal;

TEST_CASE("a DLPC900 is not opened for trigger lines that no board has") {
    hal::SteadyClock clock;
    const auto refusal = [&](const drivers::TriggerWiring& wiring) -> std::string {
        try {
            // There is no such device: with other wiring this is another fault.
            drivers::open_dmd({drivers::DeviceKind::dlpc900, "no-such-serial", 0}, clock, wiring);
            FAIL("opened");
        } catch (const hal::DeviceError& error) {
            return error.kind() == hal::ErrorKind::out_of_range ? error.what() : "another fault";
        }
        return "";
    };
    const auto says = [&](const drivers::TriggerWiring& wiring, const char* what) {
        return refusal(wiring).find(what) != std::string::npos;
    };
    drivers::TriggerWiring wiring;
    wiring.negative = true;
    CHECK(refusal(wiring) == "another fault");
    wiring.output = 3;
    CHECK(says(wiring, "there are 1 and 2"));
    wiring.output = 2;
    wiring.pulse = std::chrono::microseconds(19);
    CHECK(says(wiring, "20 to 20000 us are possible"));
    wiring.pulse = std::chrono::microseconds(1000);
    wiring.delay = std::chrono::microseconds(19001);
    CHECK(says(wiring, "from 19001 to 20001 us"));
    wiring.delay = std::chrono::microseconds(-21);
    CHECK(says(wiring, "-20 to 20000 us"));
    wiring.delay = {};
    wiring.output = 1;
    CHECK(says(wiring, "as long as the exposures"));
    wiring.pulse.reset();
    wiring.input_falling = true;
    wiring.input_delay = std::chrono::microseconds(103);
    CHECK(says(wiring, "104 to 65535 us"));
    wiring.input_delay.reset();
    CHECK(refusal(wiring) == "another fault");
}
