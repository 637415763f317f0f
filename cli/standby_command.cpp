// `opal standby`: what a TI DLPC900 board needs before its power goes.
#include "cli/exit_code.h"
#include "cli/session.h"
#include "drivers/open_device.h"
#include "hal/clock.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace opal::cli {

namespace {

ExitCode stand_by(Session& session, const std::string& text) {
    drivers::DeviceUri uri;
    try {
        uri = drivers::parse_device_uri(text);
    } catch (const drivers::DeviceUriError& error) {
        throw BadInput(error.what());
    }
    if (uri.kind != drivers::DeviceKind::dlpc900)
        throw BadInput("standby is for dlpc900: boards, not for " + text);
    hal::SteadyClock clock;
    drivers::put_dlpc900_in_standby(drivers::open_dlpc900_usb(uri), clock);
    session.terminal.print(fmt::format("{} is in standby; its power may go\n", text));
    return exit_success;
}

}  // namespace

void add_standby_command(CLI::App& program, Session& session) {
    const auto uri = std::make_shared<std::string>("dlpc900:");
    CLI::App* const command = program.add_subcommand(
        "standby", "park the mirrors of a DLPC900 board before its power goes");
    command->add_option("URI", *uri, "dlpc900:[SERIAL]")->capture_default_str();
    command->footer(
        "A board that was in standby can be opened two minutes later; who comes earlier waits.\n"
        "'standby_at_end: yes' in the section 'dmd' of a bench file does this after every run.\n");
    command->callback(
        [&session, uri] { session.action = [&session, uri] { return stand_by(session, *uri); }; });
}

}  // namespace opal::cli
