// KernelBus: virtual USB instruments plugged in where libusb finds them. Where guest.sh says who
// attaches them, as root and with the stock tool, that is a real kernel: they are exported on
// loopback and opened through its usbfs. Elsewhere each is a node this process makes up
// (sim/doors/usbfs_door.h): the same tests in a second, and under sanitizers.
#pragma once

#include "drivers/asio_tcp_stream.h"
#include "drivers/libusb_device.h"
#include "hal/error.h"
#include "sim/doors/usbfs_door.h"
#include "sim/doors/usbip_server.h"
#include "tests/contract/node_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace opal::kernel {

class KernelBus {
public:
    // A serial number that no other device of this run has.
    static std::string fresh_serial() {
        static int count = 0;
        return fmt::format("KERNEL-{}", ++count);
    }

    // The first one is "1-1".
    sim::UsbIpDevice& add(const hal::UsbDeviceInfo& info, const sim::UsbPersonality& personality) {
        devices_.push_back({&server_.add(info, personality), nullptr});
        return *devices_.back().device;
    }
    void attach(const std::string& bus_id) {
        if (attacher_ != nullptr) {
            std::ofstream(attacher_) << listener_->port() << ' ' << bus_id << '\n';
            return;
        }
        for (std::size_t i = 0; i < devices_.size(); ++i) {
            if (bus_id != fmt::format("1-{}", i + 1)) continue;
            devices_[i].door.reset();  // of before it was unplugged
            devices_[i].door =
                std::make_unique<sim::UsbfsDoor>(*devices_[i].device, devices_[i].file.path());
        }
    }
    // Attaching and udev take their time; until then the device is not there or not permitted.
    std::unique_ptr<hal::UsbDevice> open(const drivers::UsbMatch& match,
                                         hal::Duration patience = std::chrono::seconds(20)) {
        if (attacher_ == nullptr) return open_node(match);
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
    struct Plugged {
        sim::UsbIpDevice* device = nullptr;
        std::unique_ptr<sim::UsbfsDoor> door;
        contract::NodeFile file{};
    };

    std::unique_ptr<hal::UsbDevice> open_node(const drivers::UsbMatch& match) {
        for (const Plugged& plugged : devices_)
            if (plugged.door && plugged.device->info().serial == match.serial)
                return drivers::open_usb_node(plugged.file.path());
        FAIL("nothing is attached with serial number " << match.serial);
        return nullptr;
    }

    const char* const attacher_ = std::getenv("OPAL_ATTACH");  // a pipe
    std::unique_ptr<hal::TcpListener> listener_ = drivers::listen_tcp("127.0.0.1", 0);
    sim::UsbIpServer server_{*listener_, clock};
    std::vector<Plugged> devices_;
};

}  // namespace opal::kernel
