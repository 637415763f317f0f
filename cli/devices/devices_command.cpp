// `opal devices`: everything that can be found on this machine's networks and ports, who holds it,
// and what stands in the way of using it.
#include "cli/devices/found_device.h"
#include "cli/exit_code.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>

namespace opal::cli {

namespace {

struct DeviceOptions {
    std::string address;
    double seconds = 1;
};

void print(const Session& session, const FoundDevice& device) {
    const Terminal& terminal = session.terminal;
    terminal.print(fmt::format("{}  {}  {}\n", terminal.out(Ink::strong, device.uri), device.about,
                               terminal.out(device.free ? Ink::good : Ink::warn, device.state)));
    for (const std::string& obstacle : device.obstacles) terminal.print("    " + obstacle + "\n");
}

ExitCode run(const Session& session, const DeviceOptions& options) {
    DeviceSearch search;
    search.address = options.address;
    search.patience =
        std::chrono::duration_cast<hal::Duration>(std::chrono::duration<double>(options.seconds));
    auto tcp = std::async(std::launch::async, [&] { return find_tcp_instruments(search); });
    std::vector<SearchResult> results;
    results.push_back(find_gige_cameras(search));
    results.push_back(tcp.get());
    if (options.address.empty()) {
        results.push_back(find_usb_cameras());
        results.push_back(find_usb_dmds());
        results.push_back(find_serial_lasers());
    }
    bool nothing = true;
    for (const SearchResult& result : results)
        for (const FoundDevice& device : result.devices) {
            print(session, device);
            nothing = false;
        }
    for (const SearchResult& result : results)
        for (const std::string& note : result.notes) session.terminal.note("note: " + note);
    if (nothing)
        session.terminal.note("opal: no device found; a virtual bench comes with: opal serve");
    return exit_success;
}

}  // namespace

void add_devices_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<DeviceOptions>();
    CLI::App* const command = program.add_subcommand(
        "devices", "cameras, DMDs and lasers that can be reached, and what is in the way");
    command->add_option("ADDRESS", options->address, "ask only there; works across routers");
    command->add_option("--seconds", options->seconds, "how long cameras have to answer")
        ->capture_default_str();
    command->footer(
        "Examples:\n"
        "  opal devices\n"
        "  opal devices 10.1.2.3\n"
        "\n"
        "Nothing is opened or switched: serial ports are looked at, TCP instruments connected to "
        "and left.\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run(session, *options); };
    });
}

}  // namespace opal::cli
