// `opal train`: a task, one or more methods, some seeds -> accuracies.
#include "cli/files.h"
#include "cli/optical_setup.h"
#include "cli/places.h"
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
    std::uint32_t batch = 0;
    bool alignment = false;
    bool no_test = false;
    std::string json;
    std::string checkpoints;
};

// A method named twice would count its runs twice in every mean.
void require_distinct(const std::vector<std::string>& methods) {
    for (std::size_t k = 0; k < methods.size(); ++k) {
        if (std::find(methods.begin(), methods.begin() + static_cast<std::ptrdiff_t>(k),
                      methods[k]) != methods.begin() + static_cast<std::ptrdiff_t>(k)) {
            throw BadInput(
                fmt::format("--method names {} twice; name each method once", methods[k]));
        }
    }
}

TrainingTaskOptions task_options(const TrainOptions& options) {
    TrainingTaskOptions task = options.task;
    if (options.epochs > 0) task.recipe.push_back(fmt::format("epochs={}", options.epochs));
    if (options.batch > 0) task.recipe.push_back(fmt::format("batch={}", options.batch));
    return task;
}

ExitCode train(Session& session, const TrainOptions& options) {
    const Terminal& terminal = session.terminal;
    const projection::QuantiserOptions quantiser = options.quantiser.options();
    require_distinct(options.methods);
    if (!options.json.empty()) require_writable(options.json);
    // A pipe or /dev/stdout gets one document, at the end.
    const bool to_file = !options.json.empty() && (!std::filesystem::exists(options.json) ||
                                                   std::filesystem::is_regular_file(options.json));
    const auto task = make_training_task(task_options(options));
    terminal.note(fmt::format("{}: network {}, data in {}", task->name(), task->network_text(),
                              task->data().string()));

    std::optional<OpticalSetup> optical;
    if (std::find(options.methods.begin(), options.methods.end(), "optical") !=
        options.methods.end()) {
        optical.emplace(session, options.bench, static_cast<int>(task->classes()),
                        task->feedback_width());
    }

    std::vector<TrainingRun> runs;
    const auto write_results = [&] { write_file(options.json, results_json(runs)); };
    const std::filesystem::path folder = options.checkpoints;
    if (!folder.empty()) make_parent(folder / "a run");
    for (const auto& method : options.methods) {
        for (std::uint64_t k = 0; k < options.seeds; ++k) {
            const std::uint64_t seed = options.first_seed + k;
            Progress progress(terminal, fmt::format("{} seed {}", method, seed), "steps");
            TrainingRunOptions run{.method = method,
                                   .seed = seed,
                                   .alignment = options.alignment,
                                   .test = !options.no_test,
                                   .quantiser = quantiser,
                                   .threads = options.bench.threads};
            if (!folder.empty()) {
                run.checkpoint =
                    folder / fmt::format("{}-{}-{}.checkpoint", task->name(), method, seed);
            }
            run.note = [&](const std::string& line) {
                progress.clear();
                terminal.note(line);
            };
            runs.push_back(train_once(*task, run, optical ? &*optical : nullptr, progress,
                                      session.interruption.token()));
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
    command->add_option("--first-seed", options->first_seed)
        ->capture_default_str()
        ->check(CLI::Range(0, 1 << 22));
    command
        ->add_option("-e,--epochs", options->epochs,
                     "passes over the training data; default: the recipe's")
        ->check(CLI::Range(1, 100000));
    command->add_option("--batch", options->batch, "samples per step; default: the recipe's")
        ->check(CLI::Range(1, 1 << 20));
    command
        ->add_option("--recipe", options->task.recipe,
                     "change one setting of the recipe, e.g. --recipe learning_rate=0.002")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    command->add_flag("--no-test", options->no_test,
                      "do not look at the test part: for choosing settings");
    command
        ->add_option("--checkpoints", options->checkpoints,
                     "keep the state of every run there, and go on from what is there")
        ->type_name("DIR");
    command->add_flag("--alignment", options->alignment,
                      "also measure how the updates align with backpropagation's");
    command->add_option("--json", options->json, "write every run and epoch there")
        ->type_name("FILE");
    options->quantiser.add_options(*command);
    options->bench.add_options(*command);
    options->bench.add_record_option(*command);
    command->footer(
        std::string("Methods:\n") +
        "  bp        backpropagation\n"
        "  dfa       direct feedback alignment, exact digital random projection of the error\n"
        "  ternary   the same with the error ternarised: the digital twin of the bench\n"
        "  optical   the error goes through the light; without a calibration record the bench is\n"
        "            calibrated first\n"
        "  shallow   hidden layers stay random: the floor any feedback has to beat\n"
        "Everything is chosen on the validation part; the test part is read once, at the end.\n"
        "Within a projection, exposing, rendering and demodulating overlap. Batches take turns:\n"
        "the next forward pass reads the weights that this batch's feedback changes.\n"
        "\n"
        "Settings of --recipe:\n" +
        dfa::explain_settings() +
        "\n"
        "Examples:\n"
        "  opal train fashion-mnist --method bp,dfa,optical,shallow --epochs 3\n"
        "  opal train mnist --data DIR --method optical --seeds 5 --json mnist.json\n"
        "  opal train cora --data DIR --method optical,bp --seeds 10\n"
        "  opal train mnist --method dfa --seeds 3 --recipe gain=2 --no-test\n"
        "  opal train mnist --method optical --seeds 3 --checkpoints states\n"
        "  opal report --results mnist.json\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return train(session, *options); };
    });
}

}  // namespace opal::cli
