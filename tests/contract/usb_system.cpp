// The USB door of this machine where no device is: it says what was wanted and what is there. Its
// transfers are not exercised here: they need a bus with a device on it.
#include "drivers/libusb_device.h"
#include "hal/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal;

TEST_CASE("a device that is not plugged in is refused by name") {
    // Vendor FFFF belongs to nobody.
    try {
        drivers::open_usb_device({0xFFFF, 0xC900, "A123", ""});
        FAIL("nothing can match");
    } catch (const hal::DeviceError& error) {
        const std::string text = error.what();
        INFO(text);
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(text.rfind("usb ffff:c900 A123: open: ", 0) == 0);
        CHECK(text.find('\n') == std::string::npos);
        const bool no_bus = text.find("this machine has no USB") != std::string::npos;
        CHECK((no_bus || text.find("not plugged in; there is ") != std::string::npos));
    }
}
