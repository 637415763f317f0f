// `opal project in.npy out.npy`: the bench as a matrix.
#include "cli/calibration_run.h"
#include "cli/files.h"
#include "cli/npy.h"
#include "cli/progress.h"
#include "cli/quantiser_choice.h"
#include "cli/session.h"
#include "cli/timed_bench.h"
#include "projection/optical_projector.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace opal::cli {

namespace {

struct ProjectOptions {
    BenchChoice bench;
    QuantiserChoice quantiser{"bits"};
    std::string in;
    std::string out;
    Eigen::Index outputs = 0;
    Eigen::Index batch = 256;
};

ExitCode project(Session& session, const ProjectOptions& options) {
    const Terminal& terminal = session.terminal;
    const dfa::Matrix vectors = read_npy(options.in);
    projection::OpticalOptions optical;
    optical.inputs = static_cast<int>(vectors.cols());
    optical.outputs = options.outputs;
    optical.quantiser = options.quantiser.options();
    optical.stop = session.interruption.token();

    require_writable(options.out);
    // Faults come after the calibration: a record made in trouble is nobody's measure.
    BenchChoice untroubled = options.bench;
    untroubled.faults.clear();
    auto opened = untroubled.open(session);
    const calibration::Record record =
        record_for(session, *opened, untroubled, optical.inputs, options.outputs);
    if (!options.bench.faults.empty()) {
        opened.reset();
        opened = options.bench.open(session);
    }
    optical.on_notice = [&](projection::Notice, const std::string& what) {
        terminal.note("opal: " + what);
    };
    TimedBench bench(opened->bench());
    projection::OpticalProjector projector(bench, record, optical);
    terminal.note(projector.description());

    dfa::Matrix result(vectors.rows(), projector.outputs());
    dfa::Matrix part;
    const double begun_s = now_s();
    const double inside_s = bench.seconds_inside();
    Progress progress(terminal, "project", "vectors");
    for (Eigen::Index at = 0; at < vectors.rows(); at += options.batch) {
        const Eigen::Index rows = std::min(options.batch, vectors.rows() - at);
        projector.project(vectors.middleRows(at, rows), part);
        result.middleRows(at, rows) = part;
        progress.update(static_cast<double>(at + rows), static_cast<double>(vectors.rows()));
    }
    progress.clear();
    const ProjectionTime time{now_s() - begun_s, bench.seconds_inside() - inside_s};
    write_npy(options.out, result);

    const auto stats = projector.stats();
    std::string line = fmt::format("{}: {} x {} from {} exposures", options.out, result.rows(),
                                   result.cols(), stats.acquisitions);
    line += fmt::format(" in {:.2f} s, {:.2f} s of them the host's", time.whole_s, time.host_s());
    if (stats.repeats > 0) line += fmt::format(", {} of them taken again", stats.repeats);
    terminal.note(line);
    return exit_success;
}

}  // namespace

void add_project_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<ProjectOptions>();
    CLI::App* const command =
        program.add_subcommand("project", "multiply vectors by the bench's random matrix");
    command->add_option("IN", options->in, "vectors: .npy of shape (vectors, components)")
        ->required();
    command->add_option("OUT", options->out, "result: .npy, float32, shape (vectors, outputs)")
        ->required();
    command->add_option("--outputs", options->outputs, "how many outputs; 0: all there are")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command->add_option("--batch", options->batch, "vectors per run of the DMD")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 20));
    options->quantiser.add_options(*command);
    options->bench.add_options(*command);
    options->bench.add_record_option(*command);
    options->bench.add_faults_option(*command);
    command->footer(
        "Outputs 2k and 2k + 1 are real and imaginary part of mode k, scaled so that a vector of\n"
        "length 1 gives components of variance 1 / components. Vectors are quantised first, since\n"
        "a mirror is on or off: 8 bit-planes lose next to nothing and take 16 exposures a vector,\n"
        "ternary vectors (--quantiser adaptive or stochastic) take 2. Patterns that repeat are\n"
        "shown once. Every frame's pattern is proven; a frame that fails is taken again, and OUT\n"
        "is written whole or not at all.\n"
        "\n"
        "Examples:\n"
        "  python3 -c 'import numpy as n; n.save(\"in.npy\", n.random.randn(100, 10))'\n"
        "  opal project in.npy out.npy\n"
        "  opal project in.npy out.npy --quantiser stochastic\n"
        "  opal project in.npy out.npy --bench sim:ideal --events events.jsonl\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return project(session, *options); };
    });
}

}  // namespace opal::cli
