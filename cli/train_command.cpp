// `opal train`: a task, one or more methods, some seeds -> accuracies.
#include "cli/calibration_run.h"
#include "cli/files.h"
#include "cli/quantiser_choice.h"
#include "cli/session.h"
#include "cli/training_results.h"
#include "cli/training_run.h"
#include "cli/training_task.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

namespace opal::cli {

namespace {

struct TrainOptions {
    BenchChoice bench;
    // Unbiased feedback learns almost as well as exact feedback; a threshold costs percents.
    QuantiserChoice quantiser{"stochastic"};
    TrainingTaskOptions task;
    std::vector<std::string> methods{"optical"};
    std::uint64_t seeds = 1;
    std::uint64_t first_seed = 0;
    std::uint32_t epochs = 0;
    bool alignment = false;
    std::string json;
};

ExitCode train(Session& session, const TrainOptions& options) {
    const Terminal& terminal = session.terminal;
    const projection::QuantiserOptions quantiser = options.quantiser.options();
    if (!options.json.empty()) require_writable(options.json);
    // A pipe or /dev/stdout gets one document, at the end.
    const bool to_file = !options.json.empty() && (!std::filesystem::exists(options.json) ||
                                                   std::filesystem::is_regular_file(options.json));
    const auto task = make_training_task(options.task);
    terminal.note(fmt::format("{}: network {}, data in {}", task->name(), task->network_text(),
                              task->data().string()));

    std::unique_ptr<OpenedBench> opened;
    std::optional<calibration::Record> record;
    OpticalSetup optical;
    if (std::find(options.methods.begin(), options.methods.end(), "optical") !=
        options.methods.end()) {
        opened = options.bench.open(session);
        record = record_for(session, *opened, options.bench, static_cast<int>(task->classes()),
                            task->feedback_width());
        optical = {&opened->bench(), &*record};
    }

    std::vector<TrainingRun> runs;
    const auto write_results = [&] {
        write_file(options.json, results_json(runs, opened ? opened->bench().name() : ""));
    };
    for (const auto& method : options.methods) {
        for (std::uint64_t k = 0; k < options.seeds; ++k) {
            const std::uint64_t seed = options.first_seed + k;
            Progress progress(terminal, fmt::format("{} seed {}", method, seed), "steps");
            runs.push_back(train_once(*task,
                                      {.method = method,
                                       .seed = seed,
                                       .epochs = options.epochs,
                                       .alignment = options.alignment,
                                       .quantiser = quantiser,
                                       .threads = options.bench.threads},
                                      optical, progress, session.interruption.token()));
            progress.clear();
            terminal.note(run_line(runs.back()));
            // After each run: an interrupted comparison keeps what it has.
            if (to_file) write_results();
        }
    }
    terminal.print(results_table(runs, terminal));
    if (!options.json.empty() && !to_file) write_results();
    return exit_success;
}

}  // namespace

void add_train_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<TrainOptions>();
    CLI::App* const command =
        program.add_subcommand("train", "train a network and say how well it does");
    command->add_option("TASK", options->task.name, "mnist, fashion-mnist or cora")
        ->required()
        ->check(CLI::IsMember(training_task_names()));
    command
        ->add_option("-m,--method", options->methods,
                     "bp, dfa, ternary, optical, shallow; several with commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str()
        ->check(CLI::IsMember(method_names()));
    command
        ->add_option("-d,--data", options->task.data,
                     "folder with the task's files; fashion-mnist has a default")
        ->type_name("DIR");
    command->add_option("-k,--seeds", options->seeds, "runs per method")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command->add_option("--first-seed", options->first_seed)->capture_default_str();
    command
        ->add_option("-e,--epochs", options->epochs,
                     "passes over the training data; default: the recipe's")
        ->check(CLI::Range(1, 100000));
    command->add_option("--batch", options->task.batch, "samples per step; default: the recipe's")
        ->check(CLI::Range(1, 1 << 20));
    command->add_flag("--alignment", options->alignment,
                      "also measure how the updates align with backpropagation's");
    command->add_option("--json", options->json, "write every run and epoch there")
        ->type_name("FILE");
    options->quantiser.add_options(*command);
    options->bench.add_options(*command);
    command->footer(
        "Methods:\n"
        "  bp        backpropagation\n"
        "  dfa       direct feedback alignment, exact digital random projection of the error\n"
        "  ternary   the same with the error ternarised: the digital twin of the bench\n"
        "  optical   the error goes through the light; without a calibration record the bench is\n"
        "            calibrated first\n"
        "  shallow   hidden layers stay random: the floor any feedback has to beat\n"
        "Everything is chosen on the validation part; the test part is read once, at the end.\n"
        "\n"
        "Examples:\n"
        "  opal train fashion-mnist --method bp,dfa,optical,shallow --epochs 3\n"
        "  opal train mnist --data DIR --method optical --seeds 5 --json mnist.json\n"
        "  opal train cora --data DIR --method optical,bp --seeds 10\n"
        "  opal report --results mnist.json\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return train(session, *options); };
    });
}

}  // namespace opal::cli
