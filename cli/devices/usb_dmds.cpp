// DMD boards on USB: what is plugged in, and whether it may be opened.
#include "cli/devices/found_device.h"

#include "drivers/libusb_device.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

constexpr std::uint16_t texas_instruments = 0x0451;
constexpr std::uint16_t dlpc900 = 0xC900;
constexpr drivers::UsbInterfaceClass human_interface{3, 0};

}  // namespace

SearchResult find_usb_dmds() {
    SearchResult result;
    for (const drivers::FoundUsbDevice& board : drivers::find_usb_devices(human_interface)) {
        const hal::UsbDeviceInfo& usb = board.info;
        if (usb.vendor_id != texas_instruments || usb.product_id != dlpc900) continue;
        FoundDevice found;
        found.uri = "dlpc900:" + usb.serial;
        found.about = fmt::format("DMD {} {}  {:04x}:{:04x}  at {}", usb.manufacturer, usb.product,
                                  usb.vendor_id, usb.product_id, usb.place);
        found.free = board.problem.empty();
        found.state = found.free ? "may be opened" : "not usable";
        if (!found.free) found.obstacles.push_back(board.problem);
        result.devices.push_back(std::move(found));
    }
    return result;
}

}  // namespace opal::cli
