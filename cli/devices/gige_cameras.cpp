// GigE Vision cameras: who answers to discovery, and who controls them.
#include "cli/devices/found_device.h"

#include "cli/exit_code.h"
#include "drivers/gige/discovery.h"
#include "drivers/gige/open_camera.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <future>

namespace opal::cli {

namespace {

namespace gvcp = protocol::gvcp;
using drivers::gige::FoundCamera;
using drivers::gige::host_text;
using namespace std::chrono_literals;

// What a frame of a few megapixels needs while nobody has time to fetch it.
constexpr std::uint64_t comfortable_buffer = std::uint64_t{8} << 20;

std::uint64_t largest_receive_buffer() {
    std::ifstream file("/proc/sys/net/core/rmem_max");
    std::uint64_t bytes = 0;
    file >> bytes;
    return file ? bytes : comfortable_buffer;
}

// Who controls it, or why that cannot be told. A camera that is there answers at once.
std::string state_of(const FoundCamera& camera) {
    hal::SteadyClock clock;
    drivers::gige::ControlTiming timing;
    timing.answer = 200ms;
    timing.tries = 3;
    try {
        const auto control =
            drivers::gige::open_control("gige://" + host_text(camera.identity.ip), clock, timing);
        const std::uint32_t privilege =
            control.channel->read_register(gvcp::reg::control_privilege);
        if ((privilege & (gvcp::control_access | gvcp::exclusive_access)) == 0) return "free";
        const std::uint32_t host = control.channel->read_register(gvcp::reg::application_ip);
        return host == 0 ? "in use" : "in use by " + host_text(host);
    } catch (const hal::DeviceError& error) {
        return error.kind() == hal::ErrorKind::refused ? "in use, exclusively" : "silent";
    }
}

std::vector<std::string> obstacles(const FoundCamera& camera, const std::string& state) {
    std::vector<std::string> found;
    const auto& here = camera.interface;
    const auto& identity = camera.identity;
    const bool other_net =
        !here.loopback && here.mask != 0 && (here.host & here.mask) != (identity.ip & here.mask);
    if (other_net)
        found.push_back(
            fmt::format("its address {} is outside of this machine's network {}/{}: "
                        "give one of the two another address",
                        host_text(identity.ip), host_text(here.host), host_text(here.mask)));
    if (state == "silent")
        found.push_back(
            "it answers to discovery and not to questions: does a firewall stop "
            "UDP port 3956?");
    if (state.starts_with("in use"))
        found.push_back("another program controls it: close it there first");
    if (!here.loopback && here.mtu < 9000)
        found.push_back(
            fmt::format("{} carries packets of {} bytes; 9000 (jumbo frames) make "
                        "fast streams cheaper: ip link set {} mtu 9000",
                        here.name, here.mtu, here.name));
    return found;
}

std::string about(const protocol::gvcp::Identity& identity) {
    std::string text =
        fmt::format("camera {} {}  serial {}  firmware {}", identity.manufacturer.view(),
                    identity.model.view(), identity.serial.view(), identity.device_version.view());
    if (!identity.user_name.view().empty())
        text += fmt::format("  name {}", identity.user_name.view());
    return text;
}

}  // namespace

SearchResult find_gige_cameras(const DeviceSearch& search) {
    hal::SteadyClock clock;
    SearchResult result;
    const hal::Deadline deadline = hal::Deadline::after(clock, search.patience);
    std::vector<FoundCamera> cameras;
    if (search.address.empty()) {
        cameras = drivers::gige::discover_cameras(clock, deadline, result.notes);
    } else {
        std::uint32_t host = 0;
        if (!drivers::gige::parse_host(search.address, host))
            throw BadInput("'" + search.address + "' is no IPv4 address");
        cameras = drivers::gige::discover_camera(host, clock, deadline);
    }
    std::vector<std::future<std::string>> states;  // asked side by side
    for (const FoundCamera& camera : cameras)
        states.push_back(std::async(std::launch::async, state_of, std::cref(camera)));
    for (std::size_t i = 0; i < cameras.size(); ++i) {
        const std::string state = states[i].get();
        result.devices.push_back({"gige://" + host_text(cameras[i].identity.ip),
                                  about(cameras[i].identity), state, state == "free",
                                  obstacles(cameras[i], state)});
    }
    const std::uint64_t buffer = largest_receive_buffer();
    if (!cameras.empty() && buffer < comfortable_buffer)
        result.notes.push_back(
            fmt::format("programs may have {} KiB of receive buffer; fast streams need more: "
                        "sysctl -w net.core.rmem_max={}",
                        buffer >> 10, comfortable_buffer * 4));
    return result;
}

}  // namespace opal::cli
