// TrainingJson: field by field. See training_json.h.
#include "cli/training_json.h"

#include "cli/quantiser_choice.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace opal::cli {

namespace {

using Json = nlohmann::ordered_json;

Json score_json(const dfa::Score& score) {
    return {{"loss", score.loss()},
            {"accuracy", score.accuracy()},
            {"correct", score.correct},
            {"samples", score.labelled}};
}

dfa::Score score_of(const Json& json) {
    dfa::Score score;
    score.correct = json.at("correct").get<std::int64_t>();
    score.labelled = json.at("samples").get<std::int64_t>();
    score.loss_sum = json.at("loss").get<double>() * static_cast<double>(score.labelled);
    return score;
}

Json quantiser_json(const projection::QuantiserOptions& options) {
    Json json{{"kind", quantiser_name(options.kind)}};
    switch (options.kind) {
        case projection::Quantisation::fixed_threshold:
        case projection::Quantisation::adaptive_threshold:
            json["threshold"] = options.threshold;
            break;
        case projection::Quantisation::bit_planes:
            json["bits"] = options.bits;
            break;
        case projection::Quantisation::stochastic:
            json["seed"] = options.seed;
            return json;
    }
    json["restore_norm"] = options.restore_norm;
    return json;
}

projection::QuantiserOptions quantiser_of(const Json& json) {
    projection::QuantiserOptions options;
    if (const auto kind = quantiser_kind(json.at("kind").get<std::string>())) options.kind = *kind;
    options.threshold = json.value("threshold", options.threshold);
    options.bits = json.value("bits", options.bits);
    options.seed = json.value("seed", options.seed);
    options.restore_norm = json.value("restore_norm", options.restore_norm);
    return options;
}

Json bench_json(const BenchUsed& bench) {
    return {{"name", bench.name},
            {"choice", bench.choice},
            {"overrides", bench.overrides},
            {"identity", bench.identity},
            {"camera_bits", bench.camera_bits},
            {"record_sha256", bench.record_sha256}};
}

BenchUsed bench_of(const Json& json) {
    return {json.at("name").get<std::string>(),
            json.at("choice").get<std::string>(),
            json.at("overrides").get<std::vector<std::string>>(),
            json.at("identity").get<std::string>(),
            json.at("record_sha256").get<std::string>(),
            json.value("camera_bits", 0)};
}

Json epoch_json(const dfa::EpochMetrics& e) {
    Json epoch{{"epoch", e.epoch},
               {"learning_rate", e.learning_rate},
               {"elapsed_s", e.elapsed_s},
               {"training", score_json(e.training)}};
    if (e.validation) epoch["validation"] = score_json(*e.validation);
    if (!e.alignment_deg.empty()) epoch["alignment_deg"] = e.alignment_deg;
    if (!e.feedback.empty()) epoch["feedback"] = feedback_json(e.feedback);
    return epoch;
}

dfa::EpochMetrics epoch_of(const Json& json) {
    dfa::EpochMetrics epoch;
    epoch.epoch = json.at("epoch").get<std::uint32_t>();
    epoch.learning_rate = json.at("learning_rate").get<double>();
    epoch.elapsed_s = json.at("elapsed_s").get<double>();
    epoch.training = score_of(json.at("training"));
    if (json.contains("validation")) epoch.validation = score_of(json.at("validation"));
    if (json.contains("alignment_deg")) {
        epoch.alignment_deg = json.at("alignment_deg").get<std::vector<double>>();
    }
    if (json.contains("feedback")) epoch.feedback = feedback_of(json.at("feedback"));
    return epoch;
}

}  // namespace

Json feedback_json(const std::vector<dfa::FeedbackStatistics>& blocks) {
    Json json = Json::array();
    for (const auto& s : blocks) {
        json.push_back({{"mean", s.mean},
                        {"deviation", s.deviation},
                        {"kurtosis", s.kurtosis},
                        {"correlation", s.correlation},
                        {"noise_correlation", s.noise_correlation},
                        {"histogram", s.histogram}});
        if (s.signal_to_noise) json.back()["signal_to_noise"] = *s.signal_to_noise;
    }
    return json;
}

std::vector<dfa::FeedbackStatistics> feedback_of(const Json& json) {
    std::vector<dfa::FeedbackStatistics> blocks;
    for (const auto& block : json) {
        dfa::FeedbackStatistics s;
        s.mean = block.at("mean").get<double>();
        s.deviation = block.at("deviation").get<double>();
        s.kurtosis = block.at("kurtosis").get<double>();
        s.correlation = block.at("correlation").get<double>();
        s.noise_correlation = block.at("noise_correlation").get<double>();
        block.at("histogram").get_to(s.histogram);
        if (block.contains("signal_to_noise")) {
            s.signal_to_noise = block.at("signal_to_noise").get<double>();
        }
        blocks.push_back(s);
    }
    return blocks;
}

Json projections_json(const dfa::ProjectionStats& stats) {
    return {{"vectors", stats.vectors},
            {"acquisitions", stats.acquisitions},
            {"repeats", stats.repeats}};
}

dfa::ProjectionStats projections_of(const Json& json) {
    return {json.at("vectors").get<std::uint64_t>(), json.at("acquisitions").get<std::uint64_t>(),
            json.at("repeats").get<std::uint64_t>()};
}

Json projection_time_json(const ProjectionTime& time) {
    return {{"whole_s", time.whole_s}, {"bench_s", time.bench_s}};
}

ProjectionTime projection_time_of(const Json& json) {
    return {json.at("whole_s").get<double>(), json.at("bench_s").get<double>()};
}

Json light_json(const projection::OpticalHealth& health) {
    return {{"unread_frames", health.unread_frames},
            {"repeated_runs", health.repeated_runs},
            {"lowest_correlation", health.lowest_correlation},
            {"largest_phase_step_rad", health.largest_phase_step_rad},
            {"saturated_frames", health.saturated_frames},
            {"phase_jumps", health.phase_jumps},
            {"hot_pixels", health.hot_pixels},
            {"lowest_power", health.lowest_power},
            {"highest_power", health.highest_power},
            {"matrix_refreshes", health.matrix_refreshes},
            {"correlation_loss", health.correlation_loss},
            {"correlation_loss_sigma", health.correlation_loss_sigma},
            {"largest_correlation_loss", health.largest_correlation_loss},
            {"beyond_budget", health.beyond_budget},
            {"largest_phase_sigma_rad", health.largest_phase_sigma_rad}};
}

projection::OpticalHealth light_of(const Json& json) {
    projection::OpticalHealth health;
    health.unread_frames = json.at("unread_frames").get<std::uint64_t>();
    health.repeated_runs = json.at("repeated_runs").get<std::uint64_t>();
    health.lowest_correlation = json.at("lowest_correlation").get<double>();
    health.largest_phase_step_rad = json.at("largest_phase_step_rad").get<double>();
    health.saturated_frames = json.value("saturated_frames", health.saturated_frames);
    health.phase_jumps = json.value("phase_jumps", health.phase_jumps);
    health.hot_pixels = json.value("hot_pixels", health.hot_pixels);
    health.lowest_power = json.value("lowest_power", health.lowest_power);
    health.highest_power = json.value("highest_power", health.highest_power);
    health.matrix_refreshes = json.value("matrix_refreshes", health.matrix_refreshes);
    health.correlation_loss = json.value("correlation_loss", health.correlation_loss);
    health.correlation_loss_sigma =
        json.value("correlation_loss_sigma", health.correlation_loss_sigma);
    health.largest_correlation_loss =
        json.value("largest_correlation_loss", health.largest_correlation_loss);
    health.beyond_budget = json.value("beyond_budget", health.beyond_budget);
    health.largest_phase_sigma_rad =
        json.value("largest_phase_sigma_rad", health.largest_phase_sigma_rad);
    return health;
}

Json settings_json(const TrainingRun& run) {
    Json json{
        {"task", run.task}, {"network", run.network}, {"method", run.method}, {"seed", run.seed}};
    Json recipe = Json::object();
    for (const auto& setting : run.recipe) recipe[setting.name] = setting.value;
    json["recipe"] = std::move(recipe);
    if (run.quantiser) json["quantiser"] = quantiser_json(*run.quantiser);
    if (run.bench) json["bench"] = bench_json(*run.bench);
    // Measuring alignment takes projections, and with them draws, of its own.
    json["alignment"] = run.alignment;
    return json;
}

Json run_json(const TrainingRun& run) {
    Json json = settings_json(run);
    json["program"] = run.program;
    json["feedback"] = run.feedback;
    json["seconds"] = run.seconds;
    json["steps"] = run.result.steps;
    if (run.result.test) json["test"] = score_json(*run.result.test);
    json["projections"] = projections_json(run.projections);
    json["projection_time"] = projection_time_json(run.projection_time);
    if (run.health) json["light"] = light_json(*run.health);
    Json epochs = Json::array();
    for (const auto& e : run.result.epochs) epochs.push_back(epoch_json(e));
    json["epochs"] = std::move(epochs);
    return json;
}

TrainingRun run_of(const Json& json) {
    TrainingRun run;
    run.task = json.at("task").get<std::string>();
    run.network = json.at("network").get<std::string>();
    run.method = json.at("method").get<std::string>();
    run.seed = json.at("seed").get<std::uint64_t>();
    if (json.contains("recipe")) {
        for (const auto& [name, value] : json.at("recipe").items()) {
            run.recipe.push_back({name, value.get<std::string>()});
        }
    }
    if (json.contains("quantiser")) run.quantiser = quantiser_of(json.at("quantiser"));
    if (json.contains("bench")) run.bench = bench_of(json.at("bench"));
    run.alignment = json.value("alignment", false);
    run.program = json.value("program", std::string());
    run.feedback = json.at("feedback").get<std::string>();
    run.seconds = json.at("seconds").get<double>();
    run.result.steps = json.at("steps").get<std::uint64_t>();
    if (json.contains("test")) run.result.test = score_of(json.at("test"));
    run.projections = projections_of(json.at("projections"));
    if (json.contains("projection_time")) {
        run.projection_time = projection_time_of(json.at("projection_time"));
    }
    if (json.contains("light")) run.health = light_of(json.at("light"));
    for (const auto& e : json.at("epochs")) run.result.epochs.push_back(epoch_of(e));
    return run;
}

}  // namespace opal::cli
