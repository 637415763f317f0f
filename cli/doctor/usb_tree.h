// UsbTree: what sysfs says about the USB devices of a bench, without opening any of them.
#pragma once

#include "cli/doctor/machine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli::doctor {

struct SeenInterface {
    std::string name;  // "1-2:1.0"
    unsigned class_code = 0;
    unsigned subclass = 0;
    std::string driver;  // empty: none
};

struct SeenUsbDevice {
    std::string name;  // "1-2", as in /sys/bus/usb/devices
    unsigned vendor_id = 0;
    unsigned product_id = 0;
    std::string product;    // as it calls itself
    double speed_mbit = 0;  // of its link
    // Whether its port has a SuperSpeed half; none: the kernel does not say.
    std::optional<bool> super_speed_port;
    std::string node;   // "dev/bus/usb/001/002"
    std::string power;  // "on", "auto"
    std::vector<SeenInterface> interfaces;

    bool is_dlpc900() const { return vendor_id == 0x0451 && product_id == 0xC900; }
    bool is_u3v_camera() const;
    // Whether OPAL talks to it through this interface.
    bool uses(const SeenInterface& interface) const;
    std::string title() const;  // "usb:1-2 OPAL VirtualU3V"
};

std::vector<SeenUsbDevice> look_at_usb(const Machine& machine);

}  // namespace opal::cli::doctor
