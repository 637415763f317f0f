// Opening: looking through what is plugged in.
#include "drivers/u3v/open_camera.h"

#include "hal/error.h"

#include <utility>

namespace opal::drivers::u3v {

using hal::DeviceError;
using hal::ErrorKind;

std::vector<FoundUsbDevice> find_cameras() {
    return find_usb_devices({0xEF, 0x05});
}

std::unique_ptr<hal::UsbDevice> open_usb(std::string_view name) {
    const std::string device = name.empty() ? "camera u3v" : "camera u3v:" + std::string(name);
    std::vector<FoundUsbDevice> fitting;
    std::string there;
    std::string problems;
    for (FoundUsbDevice& found : find_cameras()) {
        there += (there.empty() ? "" : ", ") +
                 (found.info.serial.empty() ? "?" : found.info.serial) + " at " + found.info.place;
        if (!found.problem.empty())
            problems += (problems.empty() ? "" : "; ") + found.info.place + ": " + found.problem;
        if (name.empty() || found.info.serial == name || found.info.place == name)
            fitting.push_back(std::move(found));
    }
    if (there.empty())
        throw DeviceError(ErrorKind::refused, device, "open",
                          "no USB3 Vision camera is plugged in, or the kernel does not see it: "
                          "lsusb, and try another cable");
    if (fitting.size() == 1 && !fitting.front().problem.empty())
        throw DeviceError(ErrorKind::refused, device, "open",
                          fitting.front().info.place + ": " + fitting.front().problem);
    if (fitting.size() != 1)
        throw DeviceError(ErrorKind::refused, device, "open",
                          (fitting.empty() ? "no camera of this name; there are "
                                           : "several cameras fit; there are ") +
                              there + (problems.empty() ? "" : "; " + problems));
    const hal::UsbDeviceInfo& info = fitting.front().info;
    return open_usb_device({info.vendor_id, info.product_id, info.serial, info.place});
}

std::unique_ptr<U3vCamera> open_camera(std::string_view name, hal::Clock& clock,
                                       U3vOptions options) {
    return std::make_unique<U3vCamera>(open_usb(name), clock, std::move(options));
}

}  // namespace opal::drivers::u3v
