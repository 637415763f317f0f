// The section of the report about learning: accuracies and learning curves.
#include "cli/progress.h"
#include "cli/report/figures.h"
#include "cli/training_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::cli {

namespace {

// The same colour for a method in all drawings.
int colour_of_method(const std::string& method) {
    const auto names = method_names();
    const auto at = std::find(names.begin(), names.end(), method) - names.begin();
    constexpr int colours[] = {4, 0, 3, 1, 2};  // bp grey, dfa blue, ternary violet, optical orange
    return at < 5 ? colours[at] : 5;
}

using Value = std::optional<double> (*)(const dfa::EpochMetrics&);

std::optional<double> validation_percent(const dfa::EpochMetrics& e) {
    if (!e.validation) return std::nullopt;
    return 100 * e.validation->accuracy();
}

std::optional<double> training_loss(const dfa::EpochMetrics& e) {
    return e.training.loss();
}

// Mean over seeds, epoch by epoch.
Series curve(const std::vector<TrainingRun>& runs, const std::string& method, Value value) {
    Series s{.label = method,
             .x = {},
             .y = {},
             .style = Style::line_and_points,
             .colour = colour_of_method(method)};
    std::size_t epochs = 0;
    for (const auto& run : runs) {
        if (run.method == method) epochs = std::max(epochs, run.result.epochs.size());
    }
    for (std::size_t k = 0; k < epochs; ++k) {
        double sum = 0, squares = 0;
        int count = 0;
        for (const auto& run : runs) {
            if (run.method != method || k >= run.result.epochs.size()) continue;
            if (const auto v = value(run.result.epochs[k])) {
                sum += *v;
                squares += *v * *v;
                ++count;
            }
        }
        if (count == 0) continue;
        const double mean = sum / count;
        s.x.push_back(static_cast<double>(k + 1));
        s.y.push_back(mean);
        if (count > 1) {
            s.deviation.push_back(
                std::sqrt(std::max(squares - count * mean * mean, 0.0) / (count - 1)));
        }
    }
    if (s.deviation.size() != s.y.size()) s.deviation.clear();
    if (epochs > 60) s.style = Style::line;
    return s;
}

std::string curves_plot(const std::vector<TrainingRun>& runs, const std::string& label,
                        const std::string& axis, Value value, Gnuplot& gnuplot) {
    Plot plot{.label = label, .x_axis = "epoch", .y_axis = axis};
    plot.x_low = 0.5;
    std::size_t epochs = 1;
    for (const auto& run : runs) epochs = std::max(epochs, run.result.epochs.size());
    plot.x_high = static_cast<double>(epochs) + 0.5;
    plot.whole_x = epochs <= 20;
    for (const auto& summary : summarise(runs)) {
        Series s = curve(runs, summary.method, value);
        if (!s.x.empty()) plot.series.push_back(std::move(s));
    }
    if (plot.series.empty()) return {};
    return gnuplot.render(plot);
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
         {curves_plot(runs, "validation accuracy", "validation accuracy (%)", validation_percent,
                      gnuplot),
          curves_plot(runs, "training loss", "training loss", training_loss, gnuplot)}) {
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
    }
    page.paragraph(
        "Everything was chosen on the validation part of the training data; the test part was read "
        "once, after the last epoch.");
}

}  // namespace opal::cli
