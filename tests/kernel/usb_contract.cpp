// libusb and usbfs keep the UsbDevice contract; what the kernel does beyond it.
#include "tests/contract/usb_device_suite.h"
#include "tests/kernel/kernel_bus.h"

#include <chrono>

using namespace opal;
using namespace std::chrono_literals;

namespace {

hal::UsbDeviceInfo board(const std::string& serial) {
    hal::UsbDeviceInfo info;
    info.vendor_id = 0x0451;
    info.product_id = 0xC900;
    info.manufacturer = "OPAL";
    info.product = "two interfaces";
    info.serial = serial;
    info.configuration = contract::two_interface_configuration();
    return info;
}

class KernelUsbHarness {
public:
    KernelUsbHarness() {
        bus_.attach("1-1");
        device_ = bus_.open({0x0451, 0xC900, serial_, ""});
    }
    hal::UsbDevice& device() { return *device_; }
    sim::UsbGadget& gadget() { return gadget_; }
    hal::Clock& clock() { return bus_.clock; }

private:
    const std::string serial_ = kernel::KernelBus::fresh_serial();
    kernel::KernelBus bus_;
    sim::UsbIpDevice& gadget_ = bus_.add(board(serial_), {});
    std::unique_ptr<hal::UsbDevice> device_;
};

}  // namespace

using namespace opal::contract;

TYPE_TO_STRING(KernelUsbHarness);

OPAL_USB_DEVICE_SUITE(KernelUsbHarness);

TEST_CASE("without rules the device is refused, with words that help") {
    kernel::KernelBus bus;
    const std::string serial = kernel::KernelBus::fresh_serial();
    bus.add(board(serial), {});
    bus.attach("1-1");
    std::string text;
    for (int i = 0; i < 500 && text.find("no permission") == std::string::npos; ++i) {
        try {
            bus.open({0x0451, 0xC900, "", ""}, 0ms);
            FAIL("an ordinary user may open it");
        } catch (const hal::DeviceError& error) {
            text = error.what();
        }
        bus.clock.wait_for(20ms);
    }
    INFO(text);
    CHECK(text.find("no permission; install the udev rules") != std::string::npos);
}

TEST_CASE("many megabytes in flight end at the kernel's limit, which the refusal names") {
    KernelUsbHarness harness;
    harness.device().claim(1);
    constexpr std::size_t megabyte = std::size_t{1} << 20;
    std::vector<std::vector<std::byte>> rooms(24, std::vector<std::byte>(megabyte));
    std::vector<hal::UsbTransfer> transfers(rooms.size());
    std::size_t accepted = 0;
    std::string text;
    try {
        for (; accepted < rooms.size(); ++accepted) {
            transfers[accepted].room = rooms[accepted];
            harness.device().submit(0x82, transfers[accepted]);
        }
    } catch (const hal::DeviceError& error) {
        text = error.what();
        CHECK(error.kind() == hal::ErrorKind::refused);
    }
    INFO(text);
    CHECK(text.find("usbfs_memory_mb") != std::string::npos);
    // 16 MiB for all devices of the machine, of which each transfer takes a little more than 1.
    CHECK(accepted == 15);
    // What was accepted works, and what was refused works once there is room.
    const auto data = contract::some_bytes(megabyte);
    for (std::size_t i = 0; i < accepted + 2; ++i) {
        harness.gadget().send(0x82, data);
        hal::UsbTransfer* const done =
            harness.device().reap(0x82, hal::Deadline::after(harness.clock(), 20s));
        REQUIRE(done != nullptr);
        REQUIRE(done->outcome == hal::UsbOutcome::complete);
        REQUIRE(done->length == megabyte);
        CHECK(std::equal(data.begin(), data.end(), done->room.begin()));
        harness.device().submit(0x82, *done);
    }
}

TEST_CASE("unplugged in mid-stream and plugged in again, eight reads in flight") {
    kernel::KernelBus bus;
    const std::string serial = kernel::KernelBus::fresh_serial();
    sim::UsbIpDevice& gadget = bus.add(board(serial), {});
    const drivers::UsbMatch match{0x0451, 0xC900, serial, ""};
    constexpr std::size_t bytes = 64 * 1024;
    std::vector<std::vector<std::byte>> rooms(8, std::vector<std::byte>(bytes));
    for (int round = 0; round < 2; ++round) {
        CAPTURE(round);
        bus.attach("1-1");
        const auto device = bus.open(match);
        device->claim(1);
        std::vector<hal::UsbTransfer> transfers(rooms.size());
        for (std::size_t i = 0; i < rooms.size(); ++i) {
            transfers[i].room = rooms[i];
            device->submit(0x82, transfers[i]);
        }
        for (std::uint32_t i = 0; i < 40; ++i) {
            const auto data = contract::some_bytes(bytes, i);
            gadget.send(0x82, data);
            hal::UsbTransfer* const done = device->reap(0x82, hal::Deadline::after(bus.clock, 20s));
            REQUIRE(done == &transfers[i % rooms.size()]);
            REQUIRE(done->length == bytes);
            CHECK(std::equal(data.begin(), data.end(), done->room.begin()));
            device->submit(0x82, *done);
        }
        gadget.unplug();
        for (std::size_t i = 0; i < rooms.size(); ++i) {
            hal::UsbTransfer* const done = device->reap(0x82, hal::Deadline::after(bus.clock, 20s));
            REQUIRE(done != nullptr);
            CHECK(done->outcome == hal::UsbOutcome::failed);
            CHECK(done->length == 0);
        }
        contract::check_kind(hal::ErrorKind::disconnected,
                             [&] { device->reap(0x82, hal::Deadline::after(bus.clock, 1s)); });
        gadget.plug_in();
    }
}
