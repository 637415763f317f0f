// LibusbDevice: hal::UsbDevice on a real bus. Deadlines are on the host's steady clock.
#pragma once

#include "hal/usb_device.h"

#include <cstdint>
#include <memory>
#include <string>

namespace opal::drivers {

// Which device is meant; an empty text matches any.
struct UsbMatch {
    std::uint16_t vendor_id = 0;
    std::uint16_t product_id = 0;
    std::string serial;
    std::string place;  // "usb:1-2", as in UsbDeviceInfo
};

// Opens the one device that matches. Throws DeviceError{refused} with what is plugged in if none or
// several do, or if this user may not open it.
std::unique_ptr<hal::UsbDevice> open_usb_device(const UsbMatch& match);

}  // namespace opal::drivers
