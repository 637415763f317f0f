// `opal demo`: everything once. Calibrates the default bench, trains with light, with digital
// feedback and with none, and writes the report.
#include "cli/calibration_run.h"
#include "cli/files.h"
#include "cli/places.h"
#include "cli/quantiser_choice.h"
#include "cli/report/report.h"
#include "cli/session.h"
#include "cli/training_results.h"
#include "cli/training_run.h"
#include "cli/training_task.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>

namespace opal::cli {

namespace {

struct DemoOptions {
    std::string output = "opal-demo";
    TrainingTaskOptions task{.name = "fashion-mnist"};
    std::vector<std::string> methods{"shallow", "optical", "dfa", "bp"};
    std::uint32_t epochs = 5;
    std::uint64_t seed = 0;
    std::string bench = "sim:lab";
};

ExitCode demo(Session& session, const DemoOptions& options) {
    const auto begin = std::chrono::steady_clock::now();
    const Terminal& terminal = session.terminal;
    const std::filesystem::path folder = options.output;
    const auto heading = [&](const std::string& text) {
        terminal.note(terminal.err(Ink::strong, "\n" + text));
    };
    const QuantiserChoice quantiser("stochastic");
    TrainingTaskOptions task_options = options.task;
    task_options.recipe.push_back(fmt::format("epochs={}", options.epochs));
    const auto task = make_training_task(task_options);
    make_parent(folder / "report.html");

    BenchChoice choice;
    choice.bench = options.bench;
    choice.record = (folder / "calibration.h5").string();
    auto opened = choice.open(session);

    heading(fmt::format("1  Calibrate {}", opened->bench().name()));
    CalibrationRunOptions calibration;
    calibration.calibration.inputs = static_cast<int>(task->classes());
    calibration.record_file = choice.record;
    const calibration::Record record = run_calibration(session, opened->bench(), calibration);
    if (!record.complete()) {
        terminal.note("opal: the demonstration ends here: a calibration step said no");
        return exit_negative;
    }

    heading(fmt::format("2  Train {} ({}), {} epochs, one seed per method", task->name(),
                        task->network_text(), options.epochs));
    const OpticalSetup optical(session, choice, static_cast<int>(task->classes()),
                               task->feedback_width());
    ReportInput input;
    for (const auto& method : options.methods) {
        Progress progress(terminal, method, "steps");
        input.runs.push_back(train_once(
            *task, {.method = method, .seed = options.seed, .quantiser = quantiser.options()},
            &optical, progress, session.interruption.token()));
        progress.clear();
        terminal.note(run_line(input.runs.back()));
    }
    write_file(folder / "training.json", results_json(input.runs));

    heading("3  Report");
    input.record = &record;
    input.scene = opened->scene();
    input.command = "opal demo";
    input.frame = take_example_frame(opened->bench(), record, session.interruption.token());
    const Report made = make_report(input);
    write_file(folder / "report.html", made.html);
    if (!made.drawn) {
        terminal.note("  gnuplot is not installed: the report has numbers where curves would be");
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    terminal.note("");
    terminal.print(results_table(input.runs, terminal) +
                   fmt::format("\nreport:  {}\nresults: {}\nrecord:  {}\ndone in {}\n",
                               (folder / "report.html").string(),
                               (folder / "training.json").string(), choice.record,
                               duration_text(seconds)));
    return exit_success;
}

}  // namespace

void add_demo_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<DemoOptions>();
    CLI::App* const command = program.add_subcommand(
        "demo", "calibrate, train with light and without, write a report: in minutes");
    command->add_option("-o,--output", options->output, "folder for everything that is made")
        ->type_name("DIR")
        ->capture_default_str();
    command->add_option("-m,--method", options->methods, "methods to compare, with commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str()
        ->check(CLI::IsMember(method_names()));
    command->add_option("-e,--epochs", options->epochs, "passes over the training images")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command
        ->add_option("-d,--data", options->task.data,
                     "folder with the four IDX files; default: Debian's Fashion-MNIST")
        ->type_name("DIR");
    command->add_option("-b,--bench", options->bench)->capture_default_str();
    command->add_option("--seed", options->seed)
        ->capture_default_str()
        ->check(CLI::Range(0, 1 << 22));
    command->footer(
        "Examples:\n"
        "  opal demo\n"
        "  opal demo --epochs 10 --method bp,dfa,ternary,optical,shallow\n"
        "  opal demo --bench sim:harsh --output harsh\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return demo(session, *options); };
    });
}

}  // namespace opal::cli
