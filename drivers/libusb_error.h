// libusb's return codes as faults of hal/error.h, with what a person can do about them.
#pragma once

#include "hal/error.h"

#include <string>

namespace opal::drivers {

// What to do when the kernel takes no more transfers, with the value found in its setting.
std::string usbfs_memory_advice(
    const std::string& setting = "/sys/module/usbcore/parameters/usbfs_memory_mb");

// `code`: a negative return value of libusb.
[[noreturn]] void throw_usb_error(int code, const std::string& device, const char* operation);

}  // namespace opal::drivers
