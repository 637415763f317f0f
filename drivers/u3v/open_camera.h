// Opening a USB3 Vision camera of this machine by what people write: u3v:SERIAL, u3v:usb:2-1 (its
// place), or u3v: if there is only one.
#pragma once

#include "drivers/libusb_device.h"
#include "drivers/u3v/u3v_camera.h"

#include <memory>
#include <string_view>
#include <vector>

namespace opal::drivers::u3v {

// Everything plugged in that looks like such a camera, also what may not be opened.
std::vector<FoundUsbDevice> find_cameras();

// `name`: serial number or place; empty: the only one. Throws DeviceError when none or several fit,
// or when it cannot be opened. `clock` has to be the host's steady clock and outlive the camera.
std::unique_ptr<hal::UsbDevice> open_usb(std::string_view name);
std::unique_ptr<U3vCamera> open_camera(std::string_view name, hal::Clock& clock,
                                       U3vOptions options = {});

}  // namespace opal::drivers::u3v
