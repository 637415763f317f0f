// USB3 Vision cameras: what is plugged in, and whether it may be opened.
#include "cli/devices/found_device.h"

#include "drivers/u3v/open_camera.h"

#include <fmt/format.h>

namespace opal::cli {

SearchResult find_usb_cameras() {
    SearchResult result;
    for (const drivers::FoundUsbDevice& camera : drivers::u3v::find_cameras()) {
        const hal::UsbDeviceInfo& usb = camera.info;
        FoundDevice found;
        found.uri = "u3v:" + (usb.serial.empty() ? usb.place : usb.serial);
        found.about = fmt::format("camera {} {}  {:04x}:{:04x}  at {}", usb.manufacturer,
                                  usb.product, usb.vendor_id, usb.product_id, usb.place);
        found.free = camera.problem.empty();
        found.state = found.free ? "may be opened" : "not usable";
        if (!found.free) found.obstacles.push_back(camera.problem);
        if (camera.speed_mbit != 0 && camera.speed_mbit < 5000)
            found.obstacles.push_back(
                fmt::format("its link has {} Mbit/s: use a blue (USB 3) socket and a USB 3 cable",
                            camera.speed_mbit));
        result.devices.push_back(std::move(found));
    }
    return result;
}

}  // namespace opal::cli
