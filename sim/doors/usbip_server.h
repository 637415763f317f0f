// UsbIpServer: virtual USB instruments on a TCP port, for the kernel of this machine or another:
// what `usbip attach -r HOST -b 1-1` connects to.
//
//   instrument --- UsbIpDevice "1-1" ---+
//   instrument --- UsbIpDevice "1-2" ---+--- UsbIpServer --- TCP 3240 --- vhci_hcd --- libusb
//
// The protocol knows no passwords: listen on loopback unless the network is trusted.
#pragma once

#include "hal/tcp_listener.h"
#include "sim/doors/usbip_connection.h"
#include "sim/doors/usbip_device.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace opal::sim {

class UsbIpServer {
public:
    // `clock`: that of the listener. Both outlive the server.
    UsbIpServer(hal::TcpListener& listener, hal::Clock& clock);
    // Every import ends, as if everything was unplugged.
    ~UsbIpServer();

    // The next one on the bus: "1-1", "1-2", ... It lives as long as the server.
    UsbIpDevice& add(hal::UsbDeviceInfo info, UsbPersonality personality);
    std::vector<protocol::usbip::Device> list() const;  // those that are plugged in

private:
    struct Port {
        std::string bus_id;
        std::unique_ptr<UsbIpDevice> device;
    };
    UsbIpDevice* find(const std::string& bus_id) const;

    mutable std::mutex mutex_;
    std::vector<Port> ports_;
    std::jthread thread_;  // accepts and owns the connections; last, so that it ends first
};

}  // namespace opal::sim
