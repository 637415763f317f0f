// EpochCurves: means over seeds, drawn. See epoch_curves.h.
#include "cli/report/epoch_curves.h"

#include "cli/training_results.h"

#include <algorithm>
#include <cmath>

namespace opal::cli {

int colour_of_method(const std::string& method) {
    const auto names = method_names();
    const auto at = std::find(names.begin(), names.end(), method) - names.begin();
    constexpr int colours[] = {4, 0, 3, 1, 2};  // bp grey, dfa blue, ternary violet, optical orange
    return at < 5 ? colours[at] : 5;
}

namespace {

// Mean over seeds, epoch by epoch.
Series curve(const std::vector<TrainingRun>& runs, const std::string& method,
             const EpochValue& value) {
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

}  // namespace

std::string epoch_curves(const std::vector<TrainingRun>& runs, const std::string& label,
                         const std::string& axis, const EpochValue& value, Gnuplot& gnuplot,
                         bool y_log) {
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
    plot.y_log = y_log;
    if (plot.series.empty()) return {};
    return gnuplot.render(plot);
}

}  // namespace opal::cli
