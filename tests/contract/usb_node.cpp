// libusb on a node that this process makes up (sim/doors/usbfs_door.h): the UsbDevice contract, and
// what a driver does there. Skipped where this process may not mount a file.
#include "drivers/libusb_device.h"
#include "hal/error.h"
#include "sim/doors/usbfs_door.h"
#include "tests/contract/node_file.h"
#include "tests/contract/usb_device_suite.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

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

TEST_CASE("reads of a thread that has ended come back to another one") {
    UsbNodeHarness harness;
    harness.device().claim(1);
    std::array<std::array<std::byte, 64>, 2> rooms{};
    std::array<hal::UsbTransfer, 2> transfers;
    std::jthread([&] {
        for (std::size_t i = 0; i < 2; ++i) {
            transfers[i].room = rooms[i];
            harness.device().submit(0x82, transfers[i]);
        }
    }).join();
    const auto data = contract::some_bytes(10);
    harness.gadget().send(0x82, data);
    const auto soon = hal::Deadline::after(harness.clock(), std::chrono::seconds(20));
    CHECK(harness.device().reap(0x82, soon) == &transfers[0]);
    CHECK(transfers[0].outcome == hal::UsbOutcome::complete);
    CHECK(std::equal(data.begin(), data.end(), rooms[0].begin()));
    harness.device().cancel(0x82);
    CHECK(harness.device().reap(0x82, soon) == &transfers[1]);
    CHECK(transfers[1].outcome == hal::UsbOutcome::cancelled);
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
