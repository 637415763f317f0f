// TrainingResults: spreads over seeds as a table, and JSON both ways. See training_results.h.
#include "cli/training_results.h"

#include "cli/exit_code.h"
#include "cli/files.h"

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

Json score_json(const dfa::Score& score) {
    return {{"loss", score.loss()},
            {"accuracy", score.accuracy()},
            {"correct", score.correct},
            {"samples", score.labelled}};
}

Json run_json(const TrainingRun& run) {
    Json json{{"task", run.task},         {"network", run.network},   {"method", run.method},
              {"seed", run.seed},         {"feedback", run.feedback}, {"seconds", run.seconds},
              {"steps", run.result.steps}};
    if (run.result.test) json["test"] = score_json(*run.result.test);
    json["projections"] = {{"vectors", run.projections.vectors},
                           {"acquisitions", run.projections.acquisitions},
                           {"repeats", run.projections.repeats}};
    if (run.health) {
        json["light"] = {{"unread_frames", run.health->unread_frames},
                         {"repeated_runs", run.health->repeated_runs},
                         {"lowest_correlation", run.health->lowest_correlation},
                         {"largest_phase_step_rad", run.health->largest_phase_step_rad}};
    }
    Json epochs = Json::array();
    for (const auto& e : run.result.epochs) {
        Json epoch{{"epoch", e.epoch},
                   {"learning_rate", e.learning_rate},
                   {"elapsed_s", e.elapsed_s},
                   {"training", score_json(e.training)}};
        if (e.validation) epoch["validation"] = score_json(*e.validation);
        if (!e.alignment_deg.empty()) epoch["alignment_deg"] = e.alignment_deg;
        epochs.push_back(std::move(epoch));
    }
    json["epochs"] = std::move(epochs);
    return json;
}

dfa::Score score_of(const Json& json) {
    dfa::Score score;
    score.correct = json.at("correct").get<std::int64_t>();
    score.labelled = json.at("samples").get<std::int64_t>();
    score.loss_sum = json.at("loss").get<double>() * static_cast<double>(score.labelled);
    return score;
}

TrainingRun run_of(const Json& json) {
    TrainingRun run;
    run.task = json.at("task").get<std::string>();
    run.network = json.at("network").get<std::string>();
    run.method = json.at("method").get<std::string>();
    run.seed = json.at("seed").get<std::uint64_t>();
    run.feedback = json.at("feedback").get<std::string>();
    run.seconds = json.at("seconds").get<double>();
    run.result.steps = json.at("steps").get<std::uint64_t>();
    if (json.contains("test")) run.result.test = score_of(json.at("test"));
    const auto& projections = json.at("projections");
    run.projections = {projections.at("vectors").get<std::uint64_t>(),
                       projections.at("acquisitions").get<std::uint64_t>(),
                       projections.at("repeats").get<std::uint64_t>()};
    for (const auto& e : json.at("epochs")) {
        dfa::EpochMetrics epoch;
        epoch.epoch = e.at("epoch").get<std::uint32_t>();
        epoch.learning_rate = e.at("learning_rate").get<double>();
        epoch.elapsed_s = e.at("elapsed_s").get<double>();
        epoch.training = score_of(e.at("training"));
        if (e.contains("validation")) epoch.validation = score_of(e.at("validation"));
        run.result.epochs.push_back(std::move(epoch));
    }
    return run;
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
    std::string line = fmt::format("  {} seed {}:", run.method, run.seed);
    if (!run.result.epochs.empty() && run.result.epochs.back().validation) {
        line += fmt::format(" validation {:.2f} %",
                            100 * run.result.epochs.back().validation->accuracy());
    }
    if (run.result.test) line += fmt::format(", test {:.2f} %", 100 * run.result.test->accuracy());
    line += fmt::format(", {} epochs in {}", run.result.epochs.size(), duration_text(run.seconds));
    if (run.projections.acquisitions > 0) {
        line += fmt::format(", {} exposures", run.projections.acquisitions);
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

std::string results_json(const std::vector<TrainingRun>& runs, const std::string& bench) {
    Json json{{"schema", schema}, {"program", "opal " OPAL_VERSION}};
    if (!bench.empty()) json["bench"] = bench;
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
