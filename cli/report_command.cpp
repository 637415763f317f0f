// `opal report`: one HTML page about a bench and what was trained on it.
#include "cli/bench_choice.h"
#include "cli/calibration_status.h"
#include "cli/files.h"
#include "cli/places.h"
#include "cli/report/report.h"
#include "cli/session.h"
#include "cli/training_results.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace opal::cli {

namespace {

struct ReportOptions {
    BenchChoice bench;
    std::vector<std::string> results;
    std::string output = "opal-report.html";
    bool no_light = false;
};

ExitCode report(Session& session, const ReportOptions& options) {
    ReportInput input;
    for (const auto& file : options.results) {
        for (auto& run : read_results(file)) input.runs.push_back(std::move(run));
    }
    const auto opened = options.bench.open(session);
    auto file = options.bench.record_file(*opened);
    if (!std::filesystem::exists(file)) {
        const std::filesystem::path partial = file.string() + ".partial";
        if (!std::filesystem::exists(partial))
            throw BadInput(fmt::format("{}: no such calibration record; opal calibrate makes it",
                                       file.string()));
        session.terminal.note(
            fmt::format("{} is not there: the page shows how far its calibration has come ({})",
                        file.string(), partial.string()));
        file = partial;
    }
    const calibration::Record record = calibration::load_record(file);
    input.record = &record;
    input.wanted = wanted_of(opened->bench());
    input.command = fmt::format("opal report --bench {}", options.bench.bench);
    const bool same_bench = record.bench_identity == opened->bench().identity();
    if (same_bench) input.scene = opened->scene();
    if (!same_bench) {
        session.terminal.note(fmt::format(
            "{} was made on another bench ({}): the page shows the record, without a live frame",
            file.string(), record.bench_name));
    } else if (!options.no_light && record.complete()) {
        input.frame = take_example_frame(opened->bench(), record, session.interruption.token());
    }
    const Report made = make_report(input);
    make_parent(options.output);
    write_file(options.output, made.html);
    if (!made.drawn) {
        session.terminal.note(
            "gnuplot is not installed: the page has numbers where curves would "
            "be (apt install gnuplot-nox)");
    }
    session.terminal.print(fmt::format("{}\n", options.output));
    return exit_success;
}

}  // namespace

void add_report_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<ReportOptions>();
    CLI::App* const command =
        program.add_subcommand("report", "one HTML page about a bench; opens offline");
    command->add_option("-o,--output", options->output)->type_name("FILE")->capture_default_str();
    command
        ->add_option("--results", options->results,
                     "results of opal train --json, for learning curves; may be given again")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command->add_flag("--no-light", options->no_light,
                      "do not turn the laser on for a frame of fringes");
    options->bench.add_options(*command);
    command->footer(
        "Shows fringes and their spectrum, demodulated speckle, intensity and matrix statistics\n"
        "against theory, the error budget, devices and drift, and learning curves; every figure\n"
        "says what would be a bad sign. Curves are drawn by gnuplot; without it their numbers are\n"
        "in the page instead.\n"
        "\n"
        "Examples:\n"
        "  opal report\n"
        "  opal report --results mnist.json -o mnist.html\n"
        "  opal report --bench sim:harsh --calibration harsh.h5 --no-light\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return report(session, *options); };
    });
}

}  // namespace opal::cli
