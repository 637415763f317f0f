// libusb on a node that this process makes up (sim/doors/usbfs_door.h): the UsbDevice contract, and
// what a driver does there. Skipped where this process may not mount a file.
#include "drivers/libusb_device.h"
#include "hal/error.h"
#include "sim/doors/usbfs_door.h"
#include "tests/contract/node_file.h"
#include "tests/contract/usb_device_suite.h"

#include <memory>
#include <string>

using namespace opal;

namespace {

class UsbNodeHarness {
public:
    hal::UsbDevice& device() { return *device_; }
    sim::UsbGadget& gadget() { return gadget_; }
    hal::Clock& clock() { return clock_; }

private:
    static hal::UsbDeviceInfo board() {
        hal::UsbDeviceInfo info;
        info.vendor_id = 0x0451;
        info.product_id = 0xC900;
        info.manufacturer = "OPAL";
        info.product = "two interfaces";
        info.serial = "NODE-1";
        info.configuration = contract::two_interface_configuration();
        return info;
    }
    hal::SteadyClock clock_;
    contract::NodeFile file_;
    sim::UsbIpDevice gadget_{board(), {}};
    sim::UsbfsDoor door_{gadget_, file_.path()};
    std::unique_ptr<hal::UsbDevice> device_ = drivers::open_usb_node(file_.path());
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(UsbNodeHarness);

OPAL_USB_DEVICE_SUITE(UsbNodeHarness);

TEST_CASE("texts of the device come over the node") {
    UsbNodeHarness harness;
    CHECK(harness.device().info().manufacturer == "OPAL");
    CHECK(harness.device().info().product == "two interfaces");
    CHECK(harness.device().info().serial == "NODE-1");
}

TEST_CASE("a node that is not there is refused by name") {
    try {
        drivers::open_usb_node("/nowhere/004");
        FAIL("there is no such node");
    } catch (const hal::DeviceError& error) {
        const std::string text = error.what();
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(text.find("usb /nowhere/004: open: ") == 0);
    }
}
