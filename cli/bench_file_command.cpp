// `opal bench-file`: what a bench file can say, and whether one is right.
#include "cli/bench_file.h"
#include "cli/exit_code.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace opal::cli {

namespace {

ExitCode check(const Session& session, const std::string& name) {
    const BenchFile file = load_bench_file(name);
    const std::string is =
        fmt::format("{}: {}\n", name, session.terminal.out(Ink::good, "a valid bench file"));
    if (!file.scene.empty()) {
        session.terminal.print(is + "the simulated bench sim:" + file.scene + "\n");
        return exit_success;
    }
    session.terminal.print(is + bench_file_text(file.plan));
    return exit_success;
}

}  // namespace

void add_bench_file_command(CLI::App& program, Session& session) {
    CLI::App* const command =
        program.add_subcommand("bench-file", "files that name the devices of a bench");
    command->require_subcommand(1);
    command->footer(
        "Examples:\n"
        "  opal bench-file explain > bench.yaml     # every key with its meaning, to fill in\n"
        "  opal bench-file check bench.yaml         # every mistake with file and line\n"
        "  opal devices                             # what could be written into it\n"
        "  opal calibrate --bench bench.yaml\n");
    command->add_subcommand("explain", "every key: meaning, allowed values, for which devices")
        ->callback([&session] {
            session.action = [&session] {
                session.terminal.print(explain_bench_file());
                return exit_success;
            };
        });
    const auto name = std::make_shared<std::string>();
    CLI::App* const checked = command->add_subcommand("check", "is this bench file right?");
    checked->add_option("FILE", *name, "bench.yaml")->required();
    checked->callback(
        [&session, name] { session.action = [&session, name] { return check(session, *name); }; });
}

}  // namespace opal::cli
