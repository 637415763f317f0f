// UsbIpConnection: one TCP connection of a USB/IP host: a list and the end, or an import and its
// transfers until one side ends it.
#pragma once

#include "hal/tcp_stream.h"
#include "sim/doors/usbip_device.h"

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

namespace opal::sim {

// What a server has on offer, asked for at each connection.
struct UsbIpOffer {
    std::function<std::vector<protocol::usbip::Device>()> list;
    std::function<UsbIpDevice*(const std::string& bus_id)> find;  // nullptr: none of that name
};

class UsbIpConnection {
public:
    // `clock`: that of the stream. What the offer finds outlives the connection.
    UsbIpConnection(std::unique_ptr<hal::TcpStream> stream, const hal::Clock& clock,
                    UsbIpOffer offer);
    // Ends within a fraction of a second.
    ~UsbIpConnection() = default;
    UsbIpConnection(const UsbIpConnection&) = delete;
    UsbIpConnection& operator=(const UsbIpConnection&) = delete;

    bool ended() const { return ended_; }

private:
    void serve(const std::stop_token& stop);

    std::unique_ptr<hal::TcpStream> stream_;
    const hal::Clock& clock_;
    UsbIpOffer offer_;
    std::atomic<bool> ended_{false};
    std::jthread thread_;
};

}  // namespace opal::sim
