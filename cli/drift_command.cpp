// `opal drift`: hours of projections on one calibration.
#include "cli/drift_run.h"
#include "cli/files.h"
#include "cli/session.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace opal::cli {

namespace {

struct DriftCommand {
    DriftRunOptions drift;
    std::string json;
    std::string html;
};

ExitCode drift(Session& session, const DriftCommand& command) {
    if (!command.json.empty()) require_writable(command.json);
    if (!command.html.empty()) require_writable(command.html);
    const DriftReport report = run_drift(session, command.drift);
    session.terminal.print(drift_table(report, session.terminal));
    if (!command.json.empty()) write_file(command.json, drift_json(report));
    if (!command.html.empty()) write_file(command.html, drift_page(report));
    return report.passed() ? exit_success : exit_negative;
}

}  // namespace

void add_drift_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<DriftCommand>();
    CLI::App* const command =
        program.add_subcommand("drift", "watch for hours what a calibration is still worth");
    command->add_option("--hours", options->drift.hours, "of the bench's clock")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 1000.0));
    command->add_option("--every", options->drift.every_s, "seconds from one batch to the next")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 36000.0));
    command->add_option("--vectors", options->drift.vectors, "in a batch")
        ->capture_default_str()
        ->check(CLI::Range(2, 4096));
    command->add_option("--inputs", options->drift.inputs, "components of the vectors")
        ->capture_default_str()
        ->check(CLI::Range(2, 4096));
    command
        ->add_option("--budget", options->drift.budget,
                     "loss of correlation before the matrix is measured again; 0: never")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 0.5));
    command->add_option("--wanted", options->drift.wanted, "correlation with the matrix in use")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--json", options->json, "write every sample there")->type_name("FILE");
    command->add_option("--html", options->html, "write a page with plots there")
        ->type_name("FILE");
    options->drift.bench.add_options(*command);
    command->footer(
        "The same random vectors are projected every minute; on a simulated bench an hour costs\n"
        "seconds. Shown: their correlation with the matrix in use, with the matrix of the\n"
        "calibration as if nothing had been done, and with the simulated medium as it is. Exit\n"
        "code 0 if the first stays above --wanted, else 3.\n"
        "\n"
        "Examples:\n"
        "  opal drift --bench sim:harsh --hours 1 --html drift.html\n"
        "  opal drift --bench sim:harsh --hours 1 --budget 0     what happens without\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return drift(session, *options); };
    });
}

}  // namespace opal::cli
