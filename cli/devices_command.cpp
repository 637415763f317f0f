// `opal devices`: every camera that answers on this machine's networks or is plugged into its USB,
// who holds it, and what stands in the way of using it.
#include "cli/exit_code.h"
#include "cli/session.h"
#include "drivers/gige/discovery.h"
#include "drivers/gige/open_camera.h"
#include "drivers/u3v/open_camera.h"
#include "hal/error.h"
#include "protocol/gvcp_registers.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace opal::cli {

namespace {

namespace gvcp = protocol::gvcp;
using drivers::gige::FoundCamera;
using drivers::gige::host_text;

struct DeviceOptions {
    std::string address;
    double seconds = 1;
};

// What a frame of a few megapixels needs while nobody has time to fetch it.
constexpr std::uint64_t comfortable_buffer = std::uint64_t{8} << 20;

std::uint64_t largest_receive_buffer() {
    std::ifstream file("/proc/sys/net/core/rmem_max");
    std::uint64_t bytes = 0;
    file >> bytes;
    return file ? bytes : comfortable_buffer;
}

// Who controls it, or why that cannot be told.
std::string state_of(const FoundCamera& camera, hal::Clock& clock) {
    try {
        const auto control =
            drivers::gige::open_control("gige://" + host_text(camera.identity.ip), clock);
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

// Returns how many there are.
std::size_t list_usb_cameras(const Session& session) {
    const auto found = drivers::u3v::find_cameras();
    for (const drivers::FoundUsbDevice& camera : found) {
        const hal::UsbDeviceInfo& usb = camera.info;
        session.terminal.print(
            fmt::format("{}  camera {} {}  {:04x}:{:04x}  at {}\n",
                        session.terminal.out(
                            Ink::strong, "u3v:" + (usb.serial.empty() ? usb.place : usb.serial)),
                        usb.manufacturer, usb.product, usb.vendor_id, usb.product_id, usb.place));
        if (!camera.problem.empty()) session.terminal.print("    " + camera.problem + "\n");
        if (camera.speed_mbit != 0 && camera.speed_mbit < 5000)
            session.terminal.print(fmt::format(
                "    its link has {} Mbit/s: use a blue (USB 3) socket and a USB 3 cable\n",
                camera.speed_mbit));
    }
    return found.size();
}

ExitCode run(const Session& session, const DeviceOptions& options) {
    hal::SteadyClock clock;
    const auto span =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(options.seconds));
    const hal::Deadline deadline = hal::Deadline::after(clock, span);
    std::vector<std::string> problems;
    std::vector<FoundCamera> cameras;
    if (options.address.empty()) {
        cameras = drivers::gige::discover_cameras(clock, deadline, problems);
    } else {
        std::uint32_t host = 0;
        if (!drivers::gige::parse_host(options.address, host))
            throw BadInput("'" + options.address + "' is no IPv4 address");
        cameras = drivers::gige::discover_camera(host, clock, deadline);
    }
    for (const std::string& problem : problems) session.terminal.note("note: " + problem);
    for (const FoundCamera& camera : cameras) {
        const auto& identity = camera.identity;
        const std::string state = state_of(camera, clock);
        session.terminal.print(fmt::format(
            "{}  camera {} {}  serial {}  firmware {}{}  {}\n",
            session.terminal.out(Ink::strong, "gige://" + host_text(identity.ip)),
            identity.manufacturer.view(), identity.model.view(), identity.serial.view(),
            identity.device_version.view(),
            identity.user_name.view().empty() ? std::string()
                                              : fmt::format("  name {}", identity.user_name.view()),
            session.terminal.out(state == "free" ? Ink::good : Ink::warn, state)));
        for (const std::string& obstacle : obstacles(camera, state))
            session.terminal.print("    " + obstacle + "\n");
    }
    const std::size_t on_usb = options.address.empty() ? list_usb_cameras(session) : 0;
    if (cameras.empty() && on_usb == 0)
        session.terminal.note("opal: no camera answered; a virtual one comes with: opal serve");
    const std::uint64_t buffer = largest_receive_buffer();
    if (!cameras.empty() && buffer < comfortable_buffer)
        session.terminal.note(
            fmt::format("note: programs may have {} KiB of receive buffer; fast streams need more: "
                        "sysctl -w net.core.rmem_max={}",
                        buffer >> 10, comfortable_buffer * 4));
    return exit_success;
}

}  // namespace

void add_devices_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<DeviceOptions>();
    CLI::App* const command =
        program.add_subcommand("devices", "cameras that can be reached, and what is in the way");
    command->add_option("ADDRESS", options->address, "ask only there; works across routers");
    command->add_option("--seconds", options->seconds, "how long to wait for answers")
        ->capture_default_str();
    command->footer(
        "Examples:\n"
        "  opal devices\n"
        "  opal devices 10.1.2.3\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run(session, *options); };
    });
}

}  // namespace opal::cli
