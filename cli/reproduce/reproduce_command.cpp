// `opal reproduce`: the published tables and figures, and studies around them, resumable.
#include "cli/reproduce/reproduce_command.h"

#include "cli/files.h"
#include "cli/places.h"
#include "cli/reproduce/figure2.h"
#include "cli/reproduce/study.h"
#include "cli/reproduce/study_runner.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

namespace opal::cli::reproduce {

namespace {

struct ReproduceOptions {
    StudyOptions study;
    BenchChoice bench;
    std::string output;
    std::string mnist;
    std::string cora;
    int jobs = 1;

    RunnerOptions runner() const {
        RunnerOptions options{output, bench, {}, jobs};
        if (!mnist.empty()) options.data["mnist"] = mnist;
        if (!cora.empty()) options.data["cora"] = cora;
        return options;
    }
};

void write_documents(const Session& session, const std::filesystem::path& folder,
                     const std::vector<Document>& documents) {
    std::string names;
    for (const auto& document : documents) {
        write_file(folder / document.name, document.content);
        names += (names.empty() ? "" : ", ") + (folder / document.name).string();
        if (document.name.ends_with(".md")) session.terminal.print(document.content);
    }
    session.terminal.note("written: " + names);
}

ExitCode run_study(Session& session, const Study& study, const ReproduceOptions& options) {
    const auto cells = study.cells(options.study);
    if (cells.empty()) throw BadInput("--task and --columns leave no cell of " + study.name);
    StudyRunner runner(session, options.runner());
    const auto results = runner.run(cells);
    write_documents(session, options.output, study.render(options.study, results));
    return exit_success;
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& about,
                      const std::shared_ptr<ReproduceOptions>& options) {
    CLI::App* const command = parent.add_subcommand(name, about);
    options->output = "opal-" + name;
    command->add_flag("--quick", options->study.quick, "a first look: few seeds, few epochs");
    command->add_option("-t,--task", options->study.tasks, "mnist, cora; default: both")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"mnist", "cora"}));
    command->add_option("-c,--columns", options->study.columns, "methods, with commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(method_names()));
    command->add_option("-k,--seeds", options->study.seeds, "runs per cell; default: the study's")
        ->check(CLI::Range(1, 100000));
    command
        ->add_option("-o,--output", options->output,
                     "folder; what is finished there is not run again")
        ->type_name("DIR")
        ->capture_default_str();
    command->add_option("--mnist", options->mnist, "folder with MNIST; default: opal fetch's")
        ->type_name("DIR");
    command->add_option("--cora", options->cora, "folder with Cora; default: opal fetch's")
        ->type_name("DIR");
    command->add_option("-b,--bench", options->bench.bench, "of the optical column")
        ->capture_default_str();
    command
        ->add_option("-j,--jobs", options->jobs,
                     "runs side by side; those through the light go one after the other; changes "
                     "no result")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    command
        ->add_option("--threads", options->bench.threads,
                     "of one run; 0: all cores, shared by the jobs; changes no result")
        ->capture_default_str()
        ->check(CLI::Range(0, 1024));
    return command;
}

}  // namespace

void add_reproduce_command(CLI::App& program, Session& session) {
    CLI::App* const reproduce = program.add_subcommand(
        "reproduce", "the published tables and figures, and studies around them");
    reproduce->require_subcommand(1);
    for (const Study& study : {table1_study(), select_study(), quantisers_study(), noise_study()}) {
        const auto options = std::make_shared<ReproduceOptions>();
        add_command(*reproduce, study.name, study.about, options)
            ->callback([&session, study, options] {
                session.action = [&session, study, options] {
                    return run_study(session, study, *options);
                };
            });
    }
    const auto drawn = std::make_shared<ReproduceOptions>();
    add_command(*reproduce, "figure2",
                "hidden activations in a plane, by backpropagation and by light", drawn)
        ->callback([&session, drawn] {
            session.action = [&session, drawn] {
                StudyRunner runner(session, drawn->runner());
                write_documents(session, drawn->output,
                                make_figure2(session, runner, drawn->study));
                return exit_success;
            };
        });
    reproduce->footer(
        "Everything is resumable: finished runs stay in DIR/runs and are not run again, a run "
        "that\n"
        "was killed goes on from DIR/states.\n"
        "\n"
        "Examples:\n"
        "  opal reproduce table1 --quick\n"
        "  opal reproduce table1 --task cora --seeds 20\n"
        "  opal reproduce table1 --task mnist --columns bp,optical\n"
        "  opal reproduce figure2\n"
        "  opal reproduce quantisers --task cora\n"
        "  opal reproduce noise --quick\n"
        "  opal reproduce select --task cora\n");
}

}  // namespace opal::cli::reproduce
