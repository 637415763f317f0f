// UsbIpServer: the bus of devices and the loop that accepts hosts.
#include "sim/doors/usbip_server.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <list>
#include <utility>

namespace opal::sim {

namespace usbip = protocol::usbip;
using namespace std::chrono_literals;

namespace {

constexpr hal::Duration round = 20ms;  // how long the thread may take to notice its end
constexpr std::size_t most_connections = 32;

}  // namespace

UsbIpServer::UsbIpServer(hal::TcpListener& listener, hal::Clock& clock)
    : thread_([this, &listener, &clock](const std::stop_token& stop) {
          const UsbIpOffer offer{[this] { return list(); },
                                 [this](const std::string& bus_id) { return find(bus_id); }};
          std::list<UsbIpConnection> connections;
          while (!stop.stop_requested()) {
              connections.remove_if([](const UsbIpConnection& c) { return c.ended(); });
              if (connections.size() >= most_connections) {
                  clock.wait_for(round);  // the next host is accepted when one goes
                  continue;
              }
              try {
                  auto stream = listener.accept(hal::Deadline::after(clock, round));
                  if (stream) connections.emplace_back(std::move(stream), clock, offer);
              } catch (const std::exception&) {  // no more sockets, threads or memory
                  clock.wait_for(round);
              }
          }
      }) {}

UsbIpServer::~UsbIpServer() = default;

UsbIpDevice& UsbIpServer::add(hal::UsbDeviceInfo info, UsbPersonality personality) {
    const std::lock_guard lock(mutex_);
    Port& port = ports_.emplace_back();
    port.bus_id = fmt::format("1-{}", ports_.size());
    port.device = std::make_unique<UsbIpDevice>(std::move(info), std::move(personality));
    return *port.device;
}

std::vector<usbip::Device> UsbIpServer::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<usbip::Device> devices;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if (!ports_[i].device->plugged_in()) continue;
        usbip::Device device = ports_[i].device->description();
        device.bus_id = ports_[i].bus_id;
        device.path = "/sys/devices/opal/usb1/" + device.bus_id;
        device.bus = 1;
        device.number = static_cast<std::uint32_t>(i + 2);  // 1 is the hub
        devices.push_back(std::move(device));
    }
    return devices;
}

UsbIpDevice* UsbIpServer::find(const std::string& bus_id) const {
    const std::lock_guard lock(mutex_);
    for (const Port& port : ports_)
        if (port.bus_id == bus_id) return port.device.get();
    return nullptr;
}

}  // namespace opal::sim
