// TrainingResults: spreads over seeds as a table, and JSON both ways. See training_results.h.
#include "cli/training_results.h"

#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/training_json.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace opal::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* schema = "opal-training-1";

std::optional<Spread> spread_of(const std::vector<double>& values) {
    if (values.empty()) return std::nullopt;
    const auto n = static_cast<double>(values.size());
    Spread spread;
    for (const double v : values) spread.mean += v / n;
    if (values.size() > 1) {
        double squares = 0;
        for (const double v : values) squares += (v - spread.mean) * (v - spread.mean);
        spread.deviation = std::sqrt(squares / (n - 1));
    }
    return spread;
}

}  // namespace

std::vector<MethodSummary> summarise(const std::vector<TrainingRun>& runs) {
    std::vector<MethodSummary> summaries;
    for (const auto& run : runs) {
        const auto same = [&](const MethodSummary& s) { return s.method == run.method; };
        if (std::none_of(summaries.begin(), summaries.end(), same)) {
            summaries.push_back({});
            summaries.back().method = run.method;
        }
    }
    for (auto& summary : summaries) {
        std::vector<double> validation, test;
        for (const auto& run : runs) {
            if (run.method != summary.method) continue;
            ++summary.seeds;
            summary.seconds += run.seconds;
            summary.vectors += run.projections.vectors;
            summary.acquisitions += run.projections.acquisitions;
            summary.repeats += run.projections.repeats;
            if (run.result.test) test.push_back(100 * run.result.test->accuracy());
            if (!run.result.epochs.empty() && run.result.epochs.back().validation) {
                validation.push_back(100 * run.result.epochs.back().validation->accuracy());
            }
        }
        summary.seconds /= static_cast<double>(summary.seeds);
        summary.validation_percent = spread_of(validation);
        summary.test_percent = spread_of(test);
    }
    return summaries;
}

std::string spread_text(const std::optional<Spread>& spread) {
    if (!spread) return "-";
    if (spread->deviation == 0) return fmt::format("{:.2f}", spread->mean);
    return fmt::format("{:.2f} ± {:.2f}", spread->mean, spread->deviation);
}

std::string run_line(const TrainingRun& run) {
    std::string line = fmt::format("  {} seed {}: ", run.method, run.seed);
    if (!run.result.epochs.empty() && run.result.epochs.back().validation) {
        line += fmt::format("validation {:.2f} %, ",
                            100 * run.result.epochs.back().validation->accuracy());
    }
    if (run.result.test) line += fmt::format("test {:.2f} %, ", 100 * run.result.test->accuracy());
    line += fmt::format("{} epochs in {}", run.result.epochs.size(), duration_text(run.seconds));
    if (run.projections.acquisitions > 0) {
        line += fmt::format(", {} exposures", run.projections.acquisitions);
    }
    if (run.projections.acquisitions > 0 && run.result.steps > 0) {
        const double steps = static_cast<double>(run.result.steps);
        line += fmt::format(" ({:.1f} ms a projection, {:.1f} of them the host's)",
                            1e3 * run.projection_time.whole_s / steps,
                            1e3 * run.projection_time.host_s() / steps);
    }
    if (run.projections.repeats > 0) line += fmt::format(", {} repeated", run.projections.repeats);
    return line;
}

std::string results_table(const std::vector<TrainingRun>& runs, const Terminal& terminal) {
    std::string text = terminal.out(
        Ink::strong, fmt::format("{:<9} {:>5} {:>16} {:>16} {:>11} {:>12}\n", "method", "seeds",
                                 "validation %", "test %", "time/run", "exposures"));
    for (const auto& s : summarise(runs)) {
        text += fmt::format("{:<9} {:>5} {:>16} {:>16} {:>11} {:>12}\n", s.method, s.seeds,
                            spread_text(s.validation_percent), spread_text(s.test_percent),
                            duration_text(s.seconds),
                            s.acquisitions > 0 ? fmt::format("{}", s.acquisitions) : "-");
    }
    return text;
}

std::string results_json(const std::vector<TrainingRun>& runs) {
    Json json{{"schema", schema}, {"program", program_version()}};
    Json summaries = Json::array();
    for (const auto& s : summarise(runs)) {
        Json summary{{"method", s.method}, {"seeds", s.seeds}, {"seconds_per_run", s.seconds}};
        if (s.test_percent) {
            summary["test_percent"] = {{"mean", s.test_percent->mean},
                                       {"deviation", s.test_percent->deviation}};
        }
        if (s.validation_percent) {
            summary["validation_percent"] = {{"mean", s.validation_percent->mean},
                                             {"deviation", s.validation_percent->deviation}};
        }
        summaries.push_back(std::move(summary));
    }
    json["summary"] = std::move(summaries);
    Json all = Json::array();
    for (const auto& run : runs) all.push_back(run_json(run));
    json["runs"] = std::move(all);
    return json.dump(2) + "\n";
}

std::vector<TrainingRun> read_results(const std::filesystem::path& file) {
    const auto bytes = read_file(file);
    try {
        const auto json = Json::parse(reinterpret_cast<const char*>(bytes.data()),
                                      reinterpret_cast<const char*>(bytes.data()) + bytes.size());
        if (json.at("schema") != schema) {
            throw BadInput(fmt::format("{}: results of schema {}; this program reads \"{}\"",
                                       file.string(), json.at("schema").dump(), schema));
        }
        std::vector<TrainingRun> runs;
        for (const auto& run : json.at("runs")) runs.push_back(run_of(run));
        return runs;
    } catch (const nlohmann::json::exception& e) {
        throw BadInput(fmt::format("{}: not a file written by opal train --json: {}", file.string(),
                                   e.what()));
    }
}

}  // namespace opal::cli
