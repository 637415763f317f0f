// Opening: finding the address, then two sockets on the interface that faces it.
#include "drivers/gige/open_camera.h"

#include "drivers/asio_udp_port.h"
#include "drivers/gige/discovery.h"
#include "hal/error.h"

#include <chrono>

namespace opal::drivers::gige {

using hal::DeviceError;
using hal::ErrorKind;

namespace {

using namespace std::chrono_literals;

constexpr std::string_view scheme = "gige://";
constexpr hal::Duration discovery_time = 1s;
// A frame of a few megapixels waits here while the program is busy.
constexpr std::size_t stream_buffer = std::size_t{32} << 20;

[[noreturn]] void fail(ErrorKind kind, std::string_view uri, const std::string& text) {
    throw DeviceError(kind, "camera " + std::string(uri), "open", text);
}

}  // namespace

hal::UdpAddress find_camera(std::string_view uri, hal::Clock& clock) {
    if (!uri.starts_with(scheme))
        fail(ErrorKind::out_of_range, uri,
             "a GigE Vision camera is named gige://ADDRESS, "
             "gige://SERIAL or gige://NAME");
    const std::string name(uri.substr(scheme.size()));
    std::uint32_t host = 0;
    if (parse_host(name, host)) return {host, protocol::gvcp::device_port};
    std::vector<std::string> problems;
    const auto found =
        discover_cameras(clock, hal::Deadline::after(clock, discovery_time), problems);
    std::vector<const FoundCamera*> fitting;
    std::string there;
    for (const FoundCamera& camera : found) {
        const auto& identity = camera.identity;
        there += (there.empty() ? "" : ", ") + std::string(identity.serial.view()) + " at " +
                 host_text(identity.ip);
        if (name.empty() || identity.serial.view() == name || identity.user_name.view() == name)
            fitting.push_back(&camera);
    }
    if (fitting.size() == 1) return {fitting.front()->identity.ip, protocol::gvcp::device_port};
    if (found.empty())
        fail(ErrorKind::timeout, uri, "no camera answered on any network of this machine");
    fail(ErrorKind::out_of_range, uri,
         (fitting.empty() ? std::string("no camera of this name; ") : "several cameras fit; ") +
             "there are " + there);
}

std::unique_ptr<GigeCamera> open_camera(std::string_view uri, hal::Clock& clock,
                                        GigeOptions options) {
    const hal::UdpAddress device = find_camera(uri, clock);
    const NetworkInterface here = interface_towards(device.host);
    options.path_mtu = here.mtu;
    GigePorts ports;
    ports.control = open_udp_port({here.host, 0});
    ports.messages = open_udp_port({here.host, 0});
    ports.stream = open_udp_port({here.host, 0}, {stream_buffer, false, false, false});
    return std::make_unique<GigeCamera>(std::move(ports), device, clock, std::move(options));
}

OpenControl open_control(std::string_view uri, hal::Clock& clock, ControlTiming timing) {
    const hal::UdpAddress device = find_camera(uri, clock);
    OpenControl open;
    open.port = open_udp_port({interface_towards(device.host).host, 0});
    open.channel = std::make_unique<ControlChannel>(
        *open.port, device, clock, "camera gige://" + host_text(device.host), timing);
    return open;
}

}  // namespace opal::drivers::gige
