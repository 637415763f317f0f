// Drift report: a DriftReport as a table, as JSON and as one HTML page.
#include "cli/drift_run.h"
#include "cli/report/page.h"
#include "cli/report/plot.h"
#include "cli/training_json.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace opal::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 13;

std::string verdict(const DriftReport& report) {
    const double s = report.samples.empty() ? 0 : report.samples.back().time_s;
    std::string text = fmt::format(
        "over {:.0f} min the projections correlate by {:.4f} or more with the matrix in use, "
        "{:.2f} is wanted; the matrix was measured again {} times within {} exposures",
        s / 60, report.worst_in_use(), report.wanted, report.health.matrix_refreshes,
        report.exposures);
    if (!report.stop.empty()) text += "; ended early: " + report.stop;
    return text;
}

}  // namespace

std::string drift_table(const DriftReport& report, const Terminal& terminal) {
    std::string text = terminal.out(
        Ink::strong, fmt::format("{:>8} {:>10} {:>10} {:>10} {:>18} {:>16} {:>7}\n", "min",
                                 "in use", "frozen", "truth", "loss seen", "phase", "power"));
    const std::size_t step = std::max<std::size_t>(1, report.samples.size() / (most_rows - 1));
    for (std::size_t i = 0; i < report.samples.size(); ++i) {
        const DriftSample& s = report.samples[i];
        if (i % step != 0 && !s.refreshed) continue;
        text += fmt::format(
            "{:>8.1f} {:>10.5f} {:>10.5f} {:>10} {:>8.5f} +- {:.5f} {:>6.3f} +- {:.4f} "
            "{:>7.3f}{}\n",
            s.time_s / 60, s.in_use, s.frozen, s.truth ? fmt::format("{:.5f}", *s.truth) : "-",
            s.loss, s.loss_sigma, s.phase_rad, s.phase_sigma_rad, s.power,
            s.refreshed ? "  matrix measured again" : "");
    }
    const bool ok = report.passed();
    text += fmt::format("{}  {}\n", terminal.out(ok ? Ink::good : Ink::bad, ok ? "ok" : "NO"),
                        verdict(report));
    return text;
}

std::string drift_json(const DriftReport& report) {
    Json json{{"schema", "opal-drift-1"},
              {"program", program_version()},
              {"bench", report.bench_name},
              {"budget", report.budget},
              {"wanted", report.wanted},
              {"passed", report.passed()},
              {"worst_in_use", report.worst_in_use()},
              {"worst_truth", report.worst_truth()},
              {"exposures", report.exposures},
              {"light", light_json(report.health)}};
    if (!report.stop.empty()) json["stop"] = report.stop;
    Json samples = Json::array();
    for (const DriftSample& s : report.samples) {
        Json sample{{"time_s", s.time_s},
                    {"correlation_in_use", s.in_use},
                    {"correlation_frozen", s.frozen},
                    {"loss", s.loss},
                    {"loss_sigma", s.loss_sigma},
                    {"phase_rad", s.phase_rad},
                    {"phase_sigma_rad", s.phase_sigma_rad},
                    {"power", s.power},
                    {"refreshed", s.refreshed}};
        if (s.truth) sample["correlation_truth"] = *s.truth;
        samples.push_back(std::move(sample));
    }
    json["samples"] = std::move(samples);
    return json.dump(2) + "\n";
}

std::string drift_page(const DriftReport& report) {
    Page page("Drift of " + report.bench_name);
    page.lead(escaped(verdict(report)));
    Gnuplot gnuplot;
    Series in_use{"matrix in use", {}, {}, Style::line, 0};
    Series frozen{"matrix of the calibration", {}, {}, Style::dashed, 1};
    Series truth{"the medium itself", {}, {}, Style::points, 2};
    Series loss{"loss seen by the projector", {}, {}, Style::points, 3};
    Series phase{"phase", {}, {}, Style::line, 4};
    Series power{"power", {}, {}, Style::line, 5};
    for (const DriftSample& s : report.samples) {
        const double min = s.time_s / 60;
        in_use.x.push_back(min);
        in_use.y.push_back(s.in_use);
        frozen.x.push_back(min);
        frozen.y.push_back(s.frozen);
        if (s.truth) {
            truth.x.push_back(min);
            truth.y.push_back(*s.truth);
        }
        loss.x.push_back(min);
        loss.y.push_back(s.loss);
        loss.deviation.push_back(s.loss_sigma);
        phase.x.push_back(min);
        phase.y.push_back(s.phase_rad);
        phase.deviation.push_back(s.phase_sigma_rad);
        power.x.push_back(min);
        power.y.push_back(s.power);
    }
    std::vector<Series> correlations{in_use, frozen};
    if (!truth.x.empty()) correlations.push_back(truth);
    page.section("Correlation", "correlation");
    page.figure({gnuplot.render({"correlation of projections over time", "minutes", "correlation",
                                 correlations})},
                "The same vectors, projected again and again, compared with what each matrix says.",
                "the curve of the matrix in use falls below what is wanted");
    page.section("What the projector sees", "seen");
    page.figure({gnuplot.render({"loss of correlation", "minutes", "1 - correlation", {loss}}),
                 gnuplot.render({"phase between the arms", "minutes", "rad", {phase}}),
                 gnuplot.render({"power of the light", "minutes", "of calibration", {power}})},
                "What ordinary frames say about the medium, with its uncertainty: when it reaches "
                "the budget, the matrix is measured again. Phase and power of each frame come from "
                "its guard strip and are taken out.",
                "a loss that jumps: the sample moved");
    return page.html();
}

}  // namespace opal::cli
