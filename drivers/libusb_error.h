// libusb's return codes as faults of hal/error.h, with what a person can do about them.
#pragma once

#include "hal/error.h"

#include <string>

namespace opal::drivers {

// `code`: a negative return value of libusb.
[[noreturn]] void throw_usb_error(int code, const std::string& device, const char* operation);

}  // namespace opal::drivers
