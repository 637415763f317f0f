// KernelBus: virtual USB instruments on a real kernel: exported on loopback, attached by whoever
// reads the pipe $OPAL_ATTACH as root (guest.sh), opened through libusb and usbfs.
#pragma once

#include "drivers/asio_tcp_stream.h"
#include "drivers/libusb_device.h"
#include "hal/error.h"
#include "sim/doors/usbip_server.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

namespace opal::kernel {

class KernelBus {
public:
    // A serial number that no other device of this run has.
    static std::string fresh_serial() {
        static int count = 0;
        return fmt::format("KERNEL-{}", ++count);
    }

    void attach(const std::string& bus_id) {
        const char* const pipe = std::getenv("OPAL_ATTACH");
        REQUIRE(pipe != nullptr);
        std::ofstream(pipe) << listener_->port() << ' ' << bus_id << '\n';
    }
    // Attaching and udev take their time; until then the device is not there or not permitted.
    std::unique_ptr<hal::UsbDevice> open(const drivers::UsbMatch& match,
                                         hal::Duration patience = std::chrono::seconds(20)) {
        const auto deadline = hal::Deadline::after(clock, patience);
        for (;;) {
            try {
                return drivers::open_usb_device(match);
            } catch (const hal::DeviceError&) {
                if (deadline.passed(clock)) throw;
            }
            clock.wait_for(std::chrono::milliseconds(20));
        }
    }

    hal::SteadyClock clock;

private:
    std::unique_ptr<hal::TcpListener> listener_ = drivers::listen_tcp("127.0.0.1", 0);

public:
    sim::UsbIpServer server{*listener_, clock};
};

}  // namespace opal::kernel
