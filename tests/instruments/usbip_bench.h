// UsbIpBench: two devices of two interfaces on a USB/IP server on loopback, for tests of the door.
#pragma once

#include "drivers/asio_tcp_stream.h"
#include "sim/doors/usbip_server.h"
#include "tests/contract/usb_device_suite.h"
#include "tests/instruments/usbip_host.h"

#include <memory>

namespace opal::tests {

class UsbIpBench {
public:
    UsbIpBench() {
        hal::UsbDeviceInfo info;
        info.vendor_id = 0x0451;
        info.product_id = 0xC900;
        info.manufacturer = "TI";
        info.product = "DLP";
        info.configuration = contract::two_interface_configuration();
        sim::UsbPersonality personality;
        personality.speed = protocol::usbip::Speed::full;
        personality.strings[4] = "x";
        device = &server.add(info, personality);
        personality.speed = protocol::usbip::Speed::super;
        personality.class_code = 0xEF;
        server.add(info, personality);
    }
    UsbIpHost host() const { return UsbIpHost(listener->port()); }

    hal::SteadyClock clock;
    std::unique_ptr<hal::TcpListener> listener = drivers::listen_tcp("127.0.0.1", 0);
    sim::UsbIpServer server{*listener, clock};
    sim::UsbIpDevice* device = nullptr;
};

template <typename Condition>
bool soon(const Condition& condition) {
    hal::SteadyClock clock;
    for (int i = 0; i < 200 && !condition(); ++i) clock.wait_for(std::chrono::milliseconds(10));
    return condition();
}

}  // namespace opal::tests
