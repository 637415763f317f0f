// The part of the report about what reaches the hidden layers: alignment and feedback statistics.
// Only for runs that measured them (--alignment).
#include "cli/report/epoch_curves.h"
#include "cli/report/figures.h"
#include "cli/training_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace opal::cli {

namespace {

std::size_t hidden_blocks(const std::vector<TrainingRun>& runs) {
    std::size_t blocks = 0;
    for (const auto& run : runs) {
        for (const auto& e : run.result.epochs) {
            blocks = std::max({blocks, e.alignment_deg.size(), e.feedback.size()});
        }
    }
    return blocks;
}

std::string of_block(const std::string& what, std::size_t block) {
    return fmt::format("{}, hidden layer {}", what, block + 1);
}

void add_drawing(std::vector<std::string>& drawings, std::string drawing) {
    if (!drawing.empty()) drawings.push_back(std::move(drawing));
}

// Of backpropagation itself the angle is 0.
std::vector<TrainingRun> without_bp(const std::vector<TrainingRun>& runs) {
    std::vector<TrainingRun> others;
    for (const auto& run : runs) {
        if (run.method != "bp") others.push_back(run);
    }
    return others;
}

void add_angles(Page& page, const std::vector<TrainingRun>& runs, std::size_t blocks,
                Gnuplot& gnuplot) {
    std::vector<std::string> drawings;
    for (std::size_t k = 0; k < blocks; ++k) {
        add_drawing(drawings, epoch_curves(
                                  without_bp(runs), of_block("angle to backpropagation", k),
                                  of_block("angle (degrees)", k),
                                  [k](const dfa::EpochMetrics& e) -> std::optional<double> {
                                      if (k >= e.alignment_deg.size()) return std::nullopt;
                                      return e.alignment_deg[k];
                                  },
                                  gnuplot));
    }
    if (drawings.empty()) return;
    page.figure(drawings,
                "Angle between the update of a hidden layer and the one backpropagation would "
                "make at the same weights, on the first batch of the epoch. Below 90 degrees the "
                "update descends; it falls at first as the layers above align with the feedback.",
                "90 degrees and more, or <code>optical</code> clearly above <code>ternary</code>.");
}

const dfa::EpochMetrics* last_heard(const TrainingRun& run) {
    if (run.result.epochs.empty() || run.result.epochs.back().feedback.empty()) return nullptr;
    return &run.result.epochs.back();
}

// Density of the last epoch's feedback in its own deviations, seeds together.
Series density(const std::vector<TrainingRun>& runs, const std::string& method, std::size_t block) {
    using Statistics = dfa::FeedbackStatistics;
    std::array<double, Statistics::bins> counts{};
    double all = 0;
    for (const auto& run : runs) {
        const auto* epoch = run.method == method ? last_heard(run) : nullptr;
        if (epoch == nullptr || block >= epoch->feedback.size()) continue;
        for (std::size_t b = 0; b < counts.size(); ++b) {
            counts[b] += epoch->feedback[block].histogram[b];
            all += epoch->feedback[block].histogram[b];
        }
    }
    Series s{.label = method, .x = {}, .y = {}, .style = Style::steps};
    s.colour = colour_of_method(method);
    // The outermost bins hold everything beyond and are no density.
    for (std::size_t b = 1; all > 0 && b + 1 < counts.size(); ++b) {
        if (counts[b] == 0) continue;
        s.x.push_back((static_cast<double>(b) + 0.5 - Statistics::bins / 2.0) / 4);
        s.y.push_back(counts[b] / all * 4);
    }
    return s;
}

void add_distribution(Page& page, const std::vector<TrainingRun>& runs, std::size_t blocks,
                      Gnuplot& gnuplot) {
    std::vector<std::string> drawings;
    for (std::size_t k = 0; k < blocks; ++k) {
        Plot plot{.label = of_block("distribution of the feedback", k),
                  .x_axis = of_block("feedback / deviation", k),
                  .y_axis = "density",
                  .y_log = true};
        plot.x_low = -4;
        plot.x_high = 4;
        plot.y_low = 1e-4;
        for (const auto& summary : summarise(runs)) {
            Series s = density(runs, summary.method, k);
            if (!s.x.empty()) plot.series.push_back(std::move(s));
        }
        if (plot.series.empty()) continue;
        plot.series.push_back(gaussian(-4, 4));
        plot.series.back().label = "normal";
        plot.series.back().style = Style::dashed;
        plot.series.back().colour = 5;
        add_drawing(drawings, gnuplot.render(plot));
        add_drawing(drawings, epoch_curves(
                                  runs, of_block("signal to noise of the feedback", k),
                                  of_block("signal to noise", k),
                                  [k](const dfa::EpochMetrics& e) -> std::optional<double> {
                                      if (k >= e.feedback.size()) return std::nullopt;
                                      return e.feedback[k].signal_to_noise;
                                  },
                                  gnuplot, true));
    }
    if (drawings.empty()) return;
    page.figure(drawings,
                "The feedback that reaches a hidden layer after the last epoch, in its own "
                "standard deviations, and, for feedback that is projected, the power of its "
                "linear part over the rest (quantisation and noise), epoch by epoch. Late in "
                "training a few samples carry all of the error: the distribution has a sharp "
                "peak and wide wings, whoever projects it.",
                "<code>optical</code> with another shape than <code>ternary</code>, or with a "
                "signal-to-noise ratio far below it: then the light, not the quantiser, makes "
                "the noise.");
}

struct Means {
    std::array<double, 6> values{};
    int runs = 0;
    int with_noise = 0;
};

Means means_of(const std::vector<TrainingRun>& runs, const std::string& method, std::size_t block) {
    Means m;
    for (const auto& run : runs) {
        const auto* epoch = run.method == method ? last_heard(run) : nullptr;
        if (epoch == nullptr || block >= epoch->feedback.size()) continue;
        const auto& s = epoch->feedback[block];
        ++m.runs;
        m.values[0] += s.mean / s.deviation;
        m.values[1] += s.deviation;
        m.values[2] += s.kurtosis;
        m.values[3] += s.correlation;
        if (!s.signal_to_noise) continue;
        ++m.with_noise;
        m.values[4] += *s.signal_to_noise;
        m.values[5] += s.noise_correlation;
    }
    for (std::size_t v = 0; v < 6; ++v) m.values[v] /= std::max(v < 4 ? m.runs : m.with_noise, 1);
    return m;
}

void add_table(Page& page, const std::vector<TrainingRun>& runs, std::size_t blocks) {
    std::vector<std::vector<std::string>> rows{{"method", "layer", "mean / dev.", "deviation",
                                                "kurtosis", "correlation", "S/N", "noise corr."}};
    for (const auto& summary : summarise(runs)) {
        for (std::size_t k = 0; k < blocks; ++k) {
            const Means m = means_of(runs, summary.method, k);
            if (m.runs == 0) continue;
            const bool noise = m.with_noise > 0;
            rows.push_back({escaped(summary.method), fmt::format("{}", k + 1),
                            fmt::format("{:.4f}", m.values[0]), fmt::format("{:.3g}", m.values[1]),
                            fmt::format("{:.1f}", m.values[2]), fmt::format("{:.3f}", m.values[3]),
                            noise ? fmt::format("{:.1f}", m.values[4]) : "-",
                            noise ? fmt::format("{:.3f}", m.values[5]) : "-"});
        }
    }
    if (rows.size() == 1) return;
    page.table(rows, 1);
    page.paragraph(
        "After the last epoch, mean over seeds: mean in deviations, deviation, excess kurtosis, "
        "correlation between components, power of signal over noise, correlation of the noise "
        "between components. Correlations are root mean squares over all pairs; that of the "
        "feedback cannot be 0, since it is made of as few numbers as "
        "there are classes. No S/N: what arrives is exactly linear in the error "
        "(<code>dfa</code>) or no projection of it (<code>bp</code>).");
}

}  // namespace

void add_feedback(Page& page, const std::vector<TrainingRun>& runs, Gnuplot& gnuplot) {
    const std::size_t blocks = hidden_blocks(runs);
    if (blocks == 0) return;
    add_angles(page, runs, blocks, gnuplot);
    add_distribution(page, runs, blocks, gnuplot);
    add_table(page, runs, blocks);
}

}  // namespace opal::cli
