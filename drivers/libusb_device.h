// LibusbDevice: hal::UsbDevice on a real bus. Deadlines are on the host's steady clock.
#pragma once

#include "hal/usb_device.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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

// Opens the device whose node is at `path`, wherever that is: /dev/bus/usb/001/004, one that a
// container was given, or sim/doors/usbfs_door.h. Where libusb has no USB of its own to look at,
// contexts that are made later do not look either. Throws DeviceError{refused}.
std::unique_ptr<hal::UsbDevice> open_usb_node(const std::string& path);

// Kinds of devices by one of their interfaces [USB 2.0, table 9-12].
struct UsbInterfaceClass {
    std::uint8_t number = 0;
    std::uint8_t subclass = 0;
};

struct FoundUsbDevice {
    hal::UsbDeviceInfo info;  // without configuration; without texts if it cannot be opened
    int speed_mbit = 0;       // of its connection; 0: unknown
    std::string problem;      // why it cannot be opened; empty: it can
};

// Everything plugged in that has such an interface.
std::vector<FoundUsbDevice> find_usb_devices(UsbInterfaceClass wanted);

}  // namespace opal::drivers
