// `opal soak`: the bench at work while things go wrong on purpose.
#include "cli/files.h"
#include "cli/session.h"
#include "cli/soak.h"
#include "sim/faults/fault_file.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace opal::cli {

namespace {

struct SoakCommand {
    SoakOptions soak;
    std::string json;
    bool list = false;
    bool show = false;
};

std::string list_of_faults(const Terminal& terminal) {
    std::string text = terminal.out(Ink::strong, "schedules\n");
    bool faults = false;
    for (const sim::BuiltInFaults& known : sim::built_in_faults()) {
        if (!faults && known.name == sim::fault_types().front().name) {
            text += terminal.out(Ink::strong, "faults, each also a schedule of its own\n");
            faults = true;
        }
        text += fmt::format("  {:<22} {}\n", known.name, known.doc);
        if (!faults) continue;
        for (const sim::FaultType& type : sim::fault_types()) {
            if (type.name != known.name) continue;
            for (const sim::FaultParameter& p : type.parameters)
                if (!p.key.empty())
                    text += fmt::format("  {:<22}   {}: {}  ({}, {})\n", "", p.key, p.initial,
                                        p.doc, p.range.text());
        }
    }
    return text;
}

ExitCode run_soak(Session& session, const SoakCommand& command) {
    const Terminal& terminal = session.terminal;
    if (command.list) {
        terminal.print(list_of_faults(terminal));
        return exit_success;
    }
    if (command.show) {
        terminal.print(sim::dump_faults(sim::load_faults(command.soak.faults)));
        return exit_success;
    }
    sim::load_faults(command.soak.faults);  // before anything takes time
    if (!command.json.empty()) require_writable(command.json);
    const SoakReport report = soak(session, command.soak);
    terminal.print(soak_table(report, terminal));
    if (!command.json.empty()) write_file(command.json, soak_json(report));
    return report.passed() ? exit_success : exit_negative;
}

}  // namespace

void add_soak_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<SoakCommand>();
    CLI::App* const command = program.add_subcommand(
        "soak", "work for a long time while things go wrong on purpose, and keep score");
    command->add_option("-f,--faults", options->soak.faults, "schedule: built in, or FILE.yaml")
        ->capture_default_str()
        ->type_name("SCHEDULE");
    command->add_option("-n,--frames", options->soak.frames, "camera frames to take, at least")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--inputs", options->soak.inputs, "components of the vectors")
        ->capture_default_str()
        ->check(CLI::Range(2, 4096));
    command->add_option("--batch", options->soak.batch, "vectors per run of the DMD")
        ->capture_default_str()
        ->check(CLI::Range(4, 1 << 16));
    command->add_option("--json", options->json, "write the score there")->type_name("FILE");
    command->add_flag("--list", options->list, "list schedules and faults, and stop");
    command->add_flag("--show", options->show, "print the schedule as YAML, and stop");
    options->soak.bench.add_options(*command);
    command->footer(
        "Random vectors are projected, batch after batch, the way every other command does it,\n"
        "while the simulated bench misbehaves as the schedule says. The simulator knows whose\n"
        "light each frame holds. Exit code 0: no frame that was used was another pattern's, no\n"
        "vector got lost, no result was wrong, and no fault that did harm went unnoticed; else 3.\n"
        "Ctrl-C ends the work, not the report.\n"
        "\n"
        "  detected    somebody noticed: acquisition, code word, frame check, drift watch\n"
        "  recovered   of these: taken again, divided out or measured again, and work went on\n"
        "  stopped     of these: work stopped with a line that says why, and was started anew\n"
        "  harmless    not noticed, and every frame used and every result was right all the same\n"
        "  missed      work went on, and something was wrong, whatever was said\n"
        "\n"
        "Examples:\n"
        "  opal soak --list\n"
        "  opal soak --faults all --frames 1000000 --json soak.json\n"
        "  opal soak --faults stale_buffers --frames 20000\n"
        "  opal soak --faults all --show > mine.yaml    then edit, and --faults mine.yaml\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return run_soak(session, *options); };
    });
}

}  // namespace opal::cli
