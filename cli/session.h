// Session: one run of the program. Commands describe themselves to CLI11 and leave their action
// here; main() runs it and turns whatever comes out into one line and an exit code.
#pragma once

#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/terminal.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace opal::cli {

struct Session {
    Interruption& interruption;
    Terminal terminal;
    std::function<ExitCode()> action;  // of the command that was chosen
    std::string command_line{};        // as it was typed, for files that say how they came about
    // What went wrong when a bench was closed. Anything here, and the run is no success.
    std::vector<std::string> alarms{};
};

void add_calibrate_command(CLI::App& program, Session& session);
void add_project_command(CLI::App& program, Session& session);
void add_train_command(CLI::App& program, Session& session);
void add_selftest_command(CLI::App& program, Session& session);
void add_report_command(CLI::App& program, Session& session);
void add_demo_command(CLI::App& program, Session& session);
void add_record_command(CLI::App& program, Session& session);
void add_drift_command(CLI::App& program, Session& session);
void add_tm_command(CLI::App& program, Session& session);
void add_scene_command(CLI::App& program, Session& session);
void add_soak_command(CLI::App& program, Session& session);
void add_bench_command(CLI::App& program, Session& session);
void add_bench_file_command(CLI::App& program, Session& session);
void add_devices_command(CLI::App& program, Session& session);
void add_doctor_command(CLI::App& program, Session& session);
void add_features_command(CLI::App& program, Session& session);
void add_serve_command(CLI::App& program, Session& session);
void add_standby_command(CLI::App& program, Session& session);
void add_version_command(CLI::App& program, Session& session);

}  // namespace opal::cli
