// Program `fetch_driver`: `opal fetch` and nothing else, for the tests to run, stop and kill.
#include "cli/fetch/fetch_command.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <exception>

int main(int argc, char** argv) {
    using namespace opal::cli;
    Interruption interruption;
    Session session{interruption, Terminal(), {}};
    CLI::App program("opal fetch, alone", "opal");
    program.require_subcommand(1);
    add_fetch_command(program, session);
    CLI11_PARSE(program, argc, argv);
    try {
        return session.action();
    } catch (const BadInput& e) {
        session.terminal.note(fmt::format("opal: error: {}", e.what()));
        return exit_bad_input;
    } catch (const std::exception& e) {
        session.terminal.note(fmt::format("opal: error: {}", e.what()));
        return exit_failure;
    }
}
