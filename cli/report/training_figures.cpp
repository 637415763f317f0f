// The section of the report about learning: accuracies and learning curves.
#include "cli/progress.h"
#include "cli/report/epoch_curves.h"
#include "cli/report/figures.h"
#include "cli/training_results.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli {

namespace {

std::optional<double> validation_percent(const dfa::EpochMetrics& e) {
    if (!e.validation) return std::nullopt;
    return 100 * e.validation->accuracy();
}

std::optional<double> training_loss(const dfa::EpochMetrics& e) {
    return e.training.loss();
}

void add_task(Page& page, const std::vector<TrainingRun>& runs, Gnuplot& gnuplot) {
    const TrainingRun& first = runs.front();
    page.paragraph(
        fmt::format("<b>{}</b>, network {}. The error of the output layer reaches the "
                    "hidden layers through:",
                    escaped(first.task), escaped(first.network)));
    std::vector<std::vector<std::string>> rows{
        {"method", "feedback", "seeds", "validation %", "test %", "time per run", "exposures"}};
    for (const auto& s : summarise(runs)) {
        const auto run = std::find_if(runs.begin(), runs.end(),
                                      [&](const TrainingRun& r) { return r.method == s.method; });
        rows.push_back({escaped(s.method), escaped(run->feedback), fmt::format("{}", s.seeds),
                        spread_text(s.validation_percent),
                        fmt::format("<b>{}</b>", spread_text(s.test_percent)),
                        duration_text(s.seconds),
                        s.acquisitions > 0 ? fmt::format("{}", s.acquisitions) : "-"});
    }
    page.table(rows, 2);
    std::vector<std::string> drawings;
    for (auto& drawing :
         {epoch_curves(runs, "validation accuracy", "validation accuracy (%)", validation_percent,
                       gnuplot),
          epoch_curves(runs, "training loss", "training loss", training_loss, gnuplot)}) {
        if (!drawing.empty()) drawings.push_back(drawing);
    }
    page.figure(
        drawings,
        "Learning curves, mean over seeds (bars: standard deviation between seeds). "
        "<code>shallow</code> trains the last layer only: what is above it, the feedback has "
        "taught the hidden layers. <code>optical</code> should come close to "
        "<code>dfa</code>, which multiplies by an exact digital matrix, and lie on "
        "<code>ternary</code>, its digital twin.",
        "<code>optical</code> clearly below <code>ternary</code> (the bench adds more noise "
        "than its validation promises), or on <code>shallow</code> (the feedback does not "
        "arrive).");
}

}  // namespace

void add_training(Page& page, const std::vector<TrainingRun>& runs, Gnuplot& gnuplot) {
    if (runs.empty()) return;
    page.section("Training", "training");
    std::vector<std::string> tasks;
    for (const auto& run : runs) {
        if (std::find(tasks.begin(), tasks.end(), run.task) == tasks.end()) {
            tasks.push_back(run.task);
        }
    }
    for (const auto& task : tasks) {
        std::vector<TrainingRun> here;
        for (const auto& run : runs) {
            if (run.task == task) here.push_back(run);
        }
        add_task(page, here, gnuplot);
        add_feedback(page, here, gnuplot);
    }
    page.paragraph(
        "Everything was chosen on the validation part of the training data; the test part was read "
        "once, after the last epoch.");
}

}  // namespace opal::cli
