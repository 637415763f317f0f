// LibusbDevice when libusb itself fails: waits end with the fault or at a deadline, and nothing is
// freed that libusb may still hold.
#include "drivers/libusb_device.h"
#include "drivers/libusb_error.h"
#include "hal/error.h"
#include "tests/drivers/libusb_stand_in.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>

using namespace opal;
using namespace std::chrono_literals;
using tests::libusb_stand_in;

namespace {

struct Reading {
    Reading() {
        libusb_stand_in() = {};
        device = drivers::open_usb_device({0xFFFE, 1, "", ""});
        device->claim(0);
        transfer.room = room;
        device->submit(0x81, transfer);
    }
    std::array<std::byte, 64> room{};
    hal::UsbTransfer transfer;
    hal::SteadyClock clock;
    std::unique_ptr<hal::UsbDevice> device;
};

}  // namespace

TEST_CASE("a failure to handle events is thrown at once, with no deadline needed") {
    Reading r;
    libusb_stand_in().handle_events_returns = LIBUSB_ERROR_IO;
    try {
        r.device->reap(0x81, hal::Deadline::after(r.clock, 24h));
        FAIL("an error of libusb is no reason to go on waiting");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::corrupt);
        CHECK(error.operation() == "reap");
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
    CHECK(libusb_stand_in().events_asked == 1);
    libusb_stand_in().reads_end = true;  // the test ends in order
}

TEST_CASE("a signal in the middle of a wait is no failure") {
    Reading r;
    libusb_stand_in().handle_events_returns = LIBUSB_ERROR_INTERRUPTED;
    CHECK(r.device->reap(0x81, hal::Deadline::after(r.clock, 1ms)) == nullptr);
    libusb_stand_in().reads_end = true;
    CHECK(r.device->reap(0x81, hal::Deadline::after(r.clock, 1ms)) == &r.transfer);
}

TEST_CASE("an unplugged device is disconnected from then on") {
    Reading r;
    libusb_stand_in().handle_events_returns = LIBUSB_ERROR_NO_DEVICE;
    for (int i = 0; i < 2; ++i) {
        try {
            r.device->reap(0x81, hal::Deadline::after(r.clock, 24h));
            FAIL("nothing can come");
        } catch (const hal::DeviceError& error) {
            CHECK(error.kind() == hal::ErrorKind::disconnected);
        }
    }
    libusb_stand_in().reads_end = true;
}

TEST_CASE("destroying waits for reads to end, not for ever, and frees none that did not") {
    Reading r;
    SUBCASE("they end") {
        libusb_stand_in().reads_end = true;
        r.device.reset();
        CHECK(libusb_stand_in().freed.size() == 1);
    }
    SUBCASE("libusb fails") {
        libusb_stand_in().handle_events_returns = LIBUSB_ERROR_OTHER;
        r.device.reset();
        CHECK(libusb_stand_in().events_asked == 1);
        CHECK(libusb_stand_in().freed.empty());
    }
    SUBCASE("nothing happens") {
        const auto begin = r.clock.now();
        r.device.reset();
        CHECK(r.clock.now() - begin >= 2s);
        CHECK(r.clock.now() - begin < 10s);
        CHECK(libusb_stand_in().freed.empty());
    }
    CHECK(libusb_stand_in().closed);
}

TEST_CASE("no memory for a transfer: the setting, the value found and what to set are named") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("opal-usbfs-" + std::to_string(std::random_device{}()));
    std::ofstream(file) << "16\n";
    const std::string advice = drivers::usbfs_memory_advice(file.string());
    std::filesystem::remove(file);
    CHECK(advice ==
          "the kernel gives USB no more memory; all programs together may have 16 MiB; submit "
          "less, or give it more: echo 1000 | sudo tee " +
              file.string());
    const std::string unknown = drivers::usbfs_memory_advice("/nowhere/usbfs_memory_mb");
    CHECK(unknown.find("MiB") == std::string::npos);
    CHECK(unknown.find("/nowhere/usbfs_memory_mb") != std::string::npos);
    try {
        drivers::throw_usb_error(LIBUSB_ERROR_NO_MEM, "camera", "submit");
    } catch (const hal::DeviceError& error) {
        CHECK(error.kind() == hal::ErrorKind::refused);
        CHECK(std::string(error.what()).find(drivers::usbfs_memory_advice()) != std::string::npos);
    }
}
