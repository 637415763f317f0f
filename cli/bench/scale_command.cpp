// `opal bench scale`: how time and memory of a projection grow with its size.
#include "calibration/acquisition.h"
#include "cli/bench/machine_rates.h"
#include "cli/bench/row_process.h"
#include "cli/bench/scale_report.h"
#include "cli/bench/wall_time_command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace opal::cli {

namespace {

struct ScaleOptions {
    std::vector<std::string> sizes;
    std::string medium = "both";
    double limit_s = 20;
    double budget_s = 1;
    bool full = false;
    std::string json;
    std::string svg;
    std::string row;  // medium,inputs,modes,budget: what RowProcess asks of its child
};

ExitCode measure_one(Session& session, const std::string& request) {
    const std::vector<std::string> words = CLI::detail::split(request, ',');
    if (words.size() != 4) throw BadInput("--row: MEDIUM,INPUTS,MODES,SECONDS is wanted");
    const auto kind = words[0] == "layered" ? sim::MediumKind::layered : sim::MediumKind::dense;
    const ScaleRow row = measure_scale_row(kind, parse_scale_size(words[1] + "x" + words[2]),
                                           std::stod(words[3]), session.interruption.token());
    session.terminal.print(to_json(row).dump() + "\n");
    return exit_success;
}

// How long a row will take: its bound times what the row before it took over its own. Rows that
// draw entries, rows that store them and layered ones are different things.
class Forecast {
public:
    // Seconds of the set-up and the first projection.
    double of(const ScaleRow& planned, const MachineRates& rates) const {
        return over_bound_[kind(planned)] * bound_of(planned, rates).seconds;
    }
    void learn(const ScaleRow& row, const MachineRates& rates) {
        over_bound_[kind(row)] = (row.setup_s + row.first_s) / bound_of(row, rates).seconds;
    }

private:
    static std::size_t kind(const ScaleRow& row) {
        return row.medium == sim::MediumKind::layered ? 0 : row.stored ? 1 : 2;
    }
    // A first guess. Storing means drawing first, and memory that was never touched.
    std::array<double, 3> over_bound_{30, 30, 3};
};

std::vector<ScaleSize> sizes_of(const ScaleOptions& options) {
    if (options.sizes.empty()) return scale_ladder();
    std::vector<ScaleSize> sizes;
    for (const auto& text : options.sizes) sizes.push_back(parse_scale_size(text));
    return sizes;
}

void write_drawing(const Session& session, const Plot& plot, const std::string& file) {
    Gnuplot gnuplot;
    const std::string drawing = gnuplot.render(plot);
    if (drawing.rfind("<svg", 0) != 0) {
        session.terminal.note(fmt::format(
            "gnuplot could not draw {} (apt install gnuplot-nox); the numbers are above", file));
        return;
    }
    write_file(file, drawing);
    session.terminal.note(fmt::format("drawn: {}", file));
}

ExitCode scale(Session& session, const ScaleOptions& options) {
    if (!options.row.empty()) return measure_one(session, options.row);
    const std::vector<ScaleSize> sizes = sizes_of(options);
    for (const auto& file : {options.json, options.svg}) {
        if (!file.empty()) require_writable(file);
    }
    const MachineRates rates = measure_machine();
    session.terminal.print(machine_line(rates));
    session.terminal.print(table_header());
    std::vector<ScaleRow> rows;
    Forecast forecast;
    bool left_out = false;
    for (const auto kind : {sim::MediumKind::layered, sim::MediumKind::dense}) {
        if (options.medium != "both" && options.medium != medium_name(kind)) continue;
        for (const auto& size : sizes) {
            const double expected_s = forecast.of(planned_scale_row(kind, size), rates);
            const std::string name = fmt::format("{} {}", medium_name(kind), size_text(size));
            if (expected_s > options.limit_s && !options.full) {
                session.terminal.note(fmt::format("{}: left out, would take about {}", name,
                                                  duration_text(expected_s)));
                left_out = true;
                continue;
            }
            Progress progress(session.terminal, name, "s");
            const RowRequest request{kind, size, options.budget_s};
            rows.push_back(measure_in_own_process(
                request, session.interruption.token(),
                [&](double elapsed_s) { progress.update(elapsed_s, std::max(expected_s, 0.0)); }));
            progress.clear();
            forecast.learn(rows.back(), rates);
            session.terminal.print(table_line(rows.back(), bound_of(rows.back(), rates)));
        }
    }
    if (left_out) session.terminal.note("--full measures what was left out");
    if (!options.json.empty()) write_file(options.json, scale_json(rows, rates));
    if (!options.svg.empty()) write_drawing(session, scale_plot(rows, rates), options.svg);
    return exit_success;
}

}  // namespace

void add_bench_command(CLI::App& program, Session& session) {
    CLI::App* const bench = program.add_subcommand("bench", "how fast this machine is at it");
    bench->require_subcommand(1);
    bench->footer(
        "Examples:\n"
        "  opal bench scale                     time and memory against size, in a minute\n"
        "  opal bench wall-time mnist           how long a run would take on real devices\n"
        "  opal bench scale --help\n");
    add_wall_time_command(*bench, session);
    const auto options = std::make_shared<ScaleOptions>();
    CLI::App* const command = bench->add_subcommand(
        "scale", "time and memory of one projection, from 1,024 inputs to a million");
    command
        ->add_option("--size", options->sizes,
                     "INPUTSxMODES instead of the ladder; may be given again")
        ->type_name("NxM")
        ->allow_extra_args(false);
    command->add_option("--medium", options->medium, "layered, dense or both")
        ->check(CLI::IsMember({"layered", "dense", "both"}))
        ->capture_default_str();
    command
        ->add_option("--limit", options->limit_s,
                     "leave out rows that would take longer, in seconds")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_flag("--full", options->full, "leave nothing out, however long it takes");
    command
        ->add_option("--repeat-for", options->budget_s,
                     "repeat each projection for so many seconds and take the fastest")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--json", options->json, "write all numbers")->type_name("FILE");
    command->add_option("--svg", options->svg, "draw time against size, log-log")
        ->type_name("FILE");
    command->add_option("--row", options->row)->group("");
    command->footer(
        "Builds a simulated bench for each size (one mirror per input, 4 x 2 pixels per mode, all\n"
        "noise of the bench 'lab') and takes whole projections: pattern on the DMD, light through\n"
        "the medium, frame from the camera, demodulated field. Every row runs in a process of its\n"
        "own, so its peak memory is its own.\n"
        "\n"
        "  first   a fresh bench's first projection; dense: stored matrices are drawn here\n"
        "  again   the fastest of the following ones\n"
        "  cpu     what one takes of all cores together: on a busy machine the better number\n"
        "  medium, frame, demod   the parts: light through the medium; that plus interference and\n"
        "          sensor; frame to field\n"
        "  bound   the bytes it must move, or the random numbers it must draw, at the rates this\n"
        "          machine reaches when it does nothing else (first line)\n"
        "  MiB     most memory the process ever held\n"
        "  corr    correlation of the field with the truth in double precision, on the first "
        "modes;\n"
        "          noise and overlapping bands leave 0.99 and more\n"
        "\n"
        "The medium 'layered' costs n log n. 'dense' costs inputs x modes: it is stored while it\n"
        "fits in 2 GiB and drawn again for every projection beyond; lit or not, every input "
        "counts.\n"
        "\n"
        "Examples:\n"
        "  opal bench scale --json scale.json --svg scale.svg\n"
        "  opal bench scale --medium layered --size 1048576x2097152\n"
        "  opal bench scale --medium dense --size 50000x10000   # the paper's size for GPT-3\n"
        "  opal bench scale --full              # dense to a million inputs: minutes\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return scale(session, *options); };
    });
}

}  // namespace opal::cli
