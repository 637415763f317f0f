// `opal doctor`: what on this machine is in the way of a bench, why, and, if asked to, a remedy.
#include "cli/doctor/checks.h"
#include "cli/doctor/fix.h"
#include "cli/doctor/report.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>

namespace opal::cli {

namespace {

struct DoctorOptions {
    std::string root = "/";
    bool json = false;
    bool everything = false;
    bool fix = false;
    bool yes = false;
};

doctor::Findings look(const doctor::Machine& machine) {
    doctor::Findings findings;
    doctor::check_usb(machine, findings);
    doctor::check_serial(machine, findings);
    doctor::check_network(machine, findings);
    return findings;
}

bool agreed(const Session& session, const DoctorOptions& options) {
    if (options.yes) return true;
    if (::isatty(STDIN_FILENO) == 0)
        throw BadInput(
            "--fix asks before it changes anything, and nobody can answer here; "
            "--yes agrees to all of it");
    std::string answer;
    session.terminal.print("Do this? [y/N] ");
    std::cout.flush();
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

// Whether anything was changed.
bool fix(const Session& session, const doctor::Machine& machine, const doctor::Findings& findings,
         const DoctorOptions& options) {
    const doctor::Fix fixes = doctor::all_fixes(findings);
    if (fixes.empty()) {
        session.terminal.note("opal: nothing here that --fix could mend");
        return false;
    }
    for (const std::string& step : doctor::steps_of(fixes)) session.terminal.note("  " + step);
    if (!agreed(session, options)) return false;
    doctor::apply(machine, fixes);
    return true;
}

ExitCode run(const Session& session, const DoctorOptions& options) {
    const doctor::Machine machine(options.root);
    doctor::Findings findings = look(machine);
    if (options.fix && fix(session, machine, findings, options)) findings = look(machine);
    session.terminal.print(options.json
                               ? doctor::json_of(findings)
                               : doctor::text_of(findings, session.terminal, options.everything));
    return doctor::any_problem(findings) ? exit_negative : exit_success;
}

}  // namespace

void add_doctor_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App* const command = program.add_subcommand(
        "doctor", "what on this machine is in the way of a bench, and what to do about it");
    command->add_flag("--fix", options->fix, "mend what can be mended; asks first");
    command->add_flag("--yes", options->yes, "with --fix: do not ask");
    command->add_flag("--all", options->everything, "also what is as it should be");
    command->add_flag("--json", options->json, "for other programs");
    command->add_option("--root", options->root, "look at the files below this folder instead")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    command->footer(
        "Looks at permissions, kernel drivers and other programs on USB, the kernel's memory for\n"
        "USB, sleep, link speeds, serial ports and ModemManager, receive buffers and packet "
        "sizes.\n"
        "Opens no device. Exit code 3 if there is a problem; hints do not count.\n"
        "\n"
        "Examples:\n"
        "  opal doctor --all\n"
        "  sudo opal doctor --fix        # udev rules, usbfs memory, receive buffers\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run(session, *options); };
    });
}

}  // namespace opal::cli
