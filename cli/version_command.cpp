// `opal version`: what a bug report needs.
#include "cli/session.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace opal::cli {

namespace {

std::string compiler() {
#if defined(__clang__)
    return fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
    return fmt::format("gcc {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
}

}  // namespace

void add_version_command(CLI::App& program, Session& session) {
    program.add_subcommand("version", "what this program is and how it was built")
        ->callback([&session] {
            session.action = [&session] {
                session.terminal.print(
                    fmt::format("{}\nbuilt by {}\n", program_version(), compiler()));
                return exit_success;
            };
        });
}

}  // namespace opal::cli
