// The program `opal`. Parses the command line, runs one command, and turns whatever comes out of it
// into one line on stderr and an exit code (cli/exit_code.h).
#include "calibration/acquisition.h"
#include "calibration/record.h"
#include "cli/fetch/fetch_command.h"
#include "cli/interruption.h"
#include "cli/npy.h"
#include "cli/reproduce/reproduce_command.h"
#include "cli/session.h"
#include "dfa/data_error.h"
#include "hal/error.h"
#include "sim/scene_file.h"
#include "sim/scene_hints.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli {

namespace {

constexpr const char* description =
    "OPAL makes a bench of light - a DMD, a laser and a camera around a scattering medium - "
    "usable\n"
    "as one thing: a machine that multiplies a vector by a huge fixed random matrix. Without a\n"
    "bench it brings a simulated one that answers with the same bits every time.";

constexpr const char* examples =
    "Examples:\n"
    "  opal demo                              everything once, with a report, in minutes\n"
    "  opal calibrate                         calibrate the simulated bench 'lab'\n"
    "  opal project errors.npy feedback.npy   multiply by its random matrix\n"
    "  opal selftest --junit report.xml       is this bench what OPAL needs? exit code 0 or 3\n"
    "  opal train mnist --method optical --data DIR\n"
    "  opal reproduce table1 --quick          the published table beside ours\n"
    "  opal report                            one HTML page about the bench\n"
    "  opal COMMAND --help                    options and examples of each command\n"
    "\n"
    "Exit codes: 0 done, 1 something failed, 2 bad command line or input file, 3 the verdict is\n"
    "no (a calibration check failed), 128 + signal interrupted (130 after Ctrl-C).\n"
    "Whatever happens, the laser is turned off on the way out.\n"
    "NO_COLOR=1 turns colours off. Results go to stdout, everything about the run to stderr.\n";

void complain(const Terminal& terminal, const std::string& text) {
    std::string line = text;
    for (char& c : line) {
        if (c == '\n') c = ' ';
    }
    terminal.note(fmt::format("opal: {} {}", terminal.err(Ink::bad, "error:"), line));
}

ExitCode run_guarded(Session& session) {
    const Terminal& terminal = session.terminal;
    const auto failed = [&](ExitCode code, const std::exception& e) {
        complain(terminal, e.what());
        return code;
    };
    try {
        const ExitCode code = session.action();
        // Whatever was under way when the signal came may not have looked for it.
        if (session.interruption.signal() != 0) throw calibration::Interrupted();
        return code;
    } catch (const calibration::Interrupted&) {
        const int signal = session.interruption.signal();
        complain(terminal,
                 fmt::format("stopped by {}; the laser is off, and every file is whole or as it "
                             "was before",
                             signal == SIGINT ? "Ctrl-C" : strsignal(signal)));
        return static_cast<ExitCode>(exit_interrupted + signal);
    } catch (const BadInput& e) {
        return failed(exit_bad_input, e);
    } catch (const NpyError& e) {
        return failed(exit_bad_input, e);
    } catch (const sim::SceneError& e) {
        return failed(exit_bad_input, e);
    } catch (const dfa::DataError& e) {
        return failed(exit_bad_input, e);
    } catch (const calibration::RecordError& e) {
        return failed(exit_bad_input, e);
    } catch (const std::invalid_argument& e) {
        return failed(exit_bad_input, e);
    } catch (const std::bad_alloc&) {
        complain(terminal, "out of memory");
        return exit_failure;
    } catch (const std::exception& e) {
        return failed(exit_failure, e);
    }
}

// What is wrong with the command line, and where the right one is described.
std::string usage_error(const CLI::App& program, const std::string& what, int argc, char** argv) {
    const auto chosen = program.get_subcommands();
    if (!chosen.empty()) {
        return fmt::format("{}; see opal {} --help", what, chosen.front()->get_name());
    }
    if (argc < 2 || argv[1][0] == '-') return fmt::format("{}; see opal --help", what);
    std::vector<std::string> names;
    for (const auto* command : program.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    const std::vector<std::string_view> words(names.begin(), names.end());
    const std::string_view near = sim::nearest_word(argv[1], words);
    return fmt::format("'{}' is no command{}; see opal --help", argv[1],
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

int run(int argc, char** argv) {
    Interruption interruption;
    Session session{interruption, Terminal(), {}};
    interruption.on_first(
        [&session] { session.terminal.note("opal: stopping (once more: at once)"); });

    for (int i = 0; i < argc; ++i)
        session.command_line += (i > 0 ? " " : "") + std::string(argv[i]);
    CLI::App program(description, "opal");
    program.require_subcommand(1);
    program.footer(examples);
    program.set_version_flag("--version", std::string("opal ") + OPAL_VERSION);
    add_calibrate_command(program, session);
    add_project_command(program, session);
    add_fetch_command(program, session);
    add_train_command(program, session);
    reproduce::add_reproduce_command(program, session);
    add_selftest_command(program, session);
    add_report_command(program, session);
    add_demo_command(program, session);
    add_record_command(program, session);
    add_tm_command(program, session);
    add_scene_command(program, session);
    add_soak_command(program, session);
    add_drift_command(program, session);
    add_bench_command(program, session);
    add_bench_file_command(program, session);
    add_devices_command(program, session);
    add_doctor_command(program, session);
    add_features_command(program, session);
    add_serve_command(program, session);
    add_standby_command(program, session);
    add_version_command(program, session);
    try {
        program.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return program.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
        return program.exit(help);
    } catch (const CLI::CallForVersion& version) {
        return program.exit(version);
    } catch (const CLI::ParseError& e) {
        complain(session.terminal, usage_error(program, e.what(), argc, argv));
        return exit_bad_input;
    }
    const ExitCode code = run_guarded(session);
    for (const auto& alarm : session.alarms) complain(session.terminal, alarm);
    return code == exit_success && !session.alarms.empty() ? exit_failure : code;
}

}  // namespace

}  // namespace opal::cli

int main(int argc, char** argv) {
    return opal::cli::run(argc, argv);
}
