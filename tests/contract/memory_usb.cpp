// The USB device inside the process keeps the UsbDevice contract.
#include "tests/contract/usb_device_suite.h"

namespace {

using namespace opal;

class MemoryUsbHarness {
public:
    hal::UsbDevice& device() { return *usb_.host; }
    sim::UsbGadget& gadget() { return *usb_.gadget; }
    hal::Clock& clock() { return clock_; }

private:
    static hal::UsbDeviceInfo info() {
        hal::UsbDeviceInfo info;
        info.vendor_id = 0x0451;
        info.product_id = 0xC900;
        info.product = "DLPC900";
        info.place = "usb:memory";
        info.configuration = contract::two_interface_configuration();
        return info;
    }
    sim::VirtualClock clock_;
    sim::MemoryUsb usb_ = sim::make_memory_usb(clock_, info());
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(MemoryUsbHarness);

OPAL_USB_DEVICE_SUITE(MemoryUsbHarness);
