// DeviceError: the exact line a person reads.
#include "hal/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace opal::hal;

TEST_CASE("the line names device, operation, text and kind") {
    const DeviceError error(ErrorKind::out_of_range, "dmd dlp6500@usb:1-2", "load",
                            "slot 400 asked, 0 to 399 possible");
    CHECK(std::string(error.what()) ==
          "dmd dlp6500@usb:1-2: load: slot 400 asked, 0 to 399 possible [out_of_range]");
    CHECK(error.kind() == ErrorKind::out_of_range);
    CHECK(error.device() == "dmd dlp6500@usb:1-2");
    CHECK(error.operation() == "load");
}

TEST_CASE("every kind has its own name") {
    CHECK(to_string(ErrorKind::timeout) == "timeout");
    CHECK(to_string(ErrorKind::disconnected) == "disconnected");
    CHECK(to_string(ErrorKind::refused) == "refused");
    CHECK(to_string(ErrorKind::out_of_range) == "out_of_range");
    CHECK(to_string(ErrorKind::wrong_state) == "wrong_state");
    CHECK(to_string(ErrorKind::unsafe) == "unsafe");
    CHECK(to_string(ErrorKind::corrupt) == "corrupt");
    CHECK(to_string(ErrorKind::mispaired) == "mispaired");
    CHECK(to_string(ErrorKind::unsupported) == "unsupported");
}
