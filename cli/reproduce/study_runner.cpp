// StudyRunner: keeps, runs and counts. See study_runner.h.
#include "cli/reproduce/study_runner.h"

#include "cli/calibration_run.h"
#include "cli/files.h"
#include "cli/places.h"
#include "cli/record_summary.h"
#include "cli/reproduce/remaining_time.h"
#include "cli/training_json.h"
#include "cli/training_results.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

namespace opal::cli::reproduce {

namespace {

// Every bench of a study serves every task: MNIST's inputs and feedback are the larger ones.
constexpr int inputs = 10;
constexpr int modes_per_side = 32;

// A record may be measured anew; a run on the same bench is still the same run.
nlohmann::ordered_json comparable(const TrainingRun& run) {
    auto json = settings_json(run);
    if (json.contains("bench")) json["bench"].erase("record_sha256");
    return json;
}

std::string file_name(std::string text) {
    for (char& c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (std::isalnum(u) == 0 && c != '-' && c != '.') c = '-';
    }
    return text;
}

}  // namespace

StudyRunner::StudyRunner(Session& session, RunnerOptions options)
    : session_(session), options_(std::move(options)) {
    for (const char* folder : {"runs", "states", "records"}) {
        make_parent(options_.folder / folder / "file");
    }
}

std::unique_ptr<TrainingTask> StudyRunner::task(const std::string& name,
                                                const std::vector<std::string>& recipe) {
    auto& loaded = data_[name];
    if (!loaded) {
        TrainingTaskOptions options{.name = name};
        if (const auto at = options_.data.find(name); at != options_.data.end()) {
            options.data = at->second;
        }
        loaded = make_training_task(options);
    }
    return loaded->with_recipe(recipe);
}

const OpticalSetup* StudyRunner::optical(const Cell& cell) {
    if (cell.method != "optical") return nullptr;
    const CalibratedBench& bench = bench_of(cell);
    if (!bench.objection.empty() && !cell.may_be_refused) {
        throw std::runtime_error(fmt::format(
            "{}: the calibration said no, nothing can be trained: {}", cell.name, bench.objection));
    }
    return bench.setup.get();
}

StudyRunner::CalibratedBench& StudyRunner::bench_of(const Cell& cell) {
    BenchChoice choice = options_.bench;
    choice.overrides.insert(choice.overrides.end(), cell.overrides.begin(), cell.overrides.end());
    std::string key = choice.bench;
    for (const auto& change : choice.overrides) key += " " + change;
    if (cell.camera_bits != 12) key += fmt::format(" {} bits", cell.camera_bits);
    const auto known = benches_.find(key);
    if (known != benches_.end()) return known->second;

    const auto file = options_.folder / "records" / (file_name(key) + ".h5");
    calibration::Record record;
    if (std::filesystem::exists(file)) {
        record = calibration::load_record(file);
    } else {
        session_.terminal.note(fmt::format("calibrating {}", key));
        const auto opened = choice.open(session_);
        CalibrationRunOptions calibration;
        calibration.calibration.inputs = inputs;
        calibration.calibration.region_rows = modes_per_side * cell.pitch_px;
        calibration.calibration.region_columns = modes_per_side * cell.pitch_px;
        calibration.calibration.format = cell.camera_bits == 8    ? hal::PixelFormat::mono8
                                         : cell.camera_bits == 10 ? hal::PixelFormat::mono10
                                                                  : hal::PixelFormat::mono12;
        calibration.record_file = file;
        record = run_calibration(session_, opened->bench(), calibration);
        // Refused by the last check alone, it can still be used.
        if (record.validation && !record.complete()) calibration::save_record(record, file);
    }
    CalibratedBench& bench = benches_[key];
    if (record.validation) {
        bench.correlation = record.validation->correlation.value;
        choice.record = file.string();
    }
    for (const auto& [title, verdict] : record_verdicts(record)) {
        if (!verdict->passed) bench.objection = title + ": " + verdict->text;
    }
    if (record.validation) {
        bench.setup = std::make_unique<OpticalSetup>(session_, choice, std::move(record), file);
    }
    return bench;
}

StudyRunner::Place StudyRunner::place(const Cell& cell, std::uint64_t seed) const {
    const std::string name = fmt::format("{}-{}", file_name(cell.name), seed);
    return {options_.folder / "runs" / (name + ".json"),
            options_.folder / "states" / (name + ".checkpoint")};
}

std::optional<TrainingRun> StudyRunner::kept(const Place& place, const Cell& cell,
                                             const TrainingRun& planned) const {
    if (!std::filesystem::exists(place.result)) return std::nullopt;
    auto runs = read_results(place.result);
    if (runs.size() != 1 || comparable(runs.front()) != comparable(planned) ||
        runs.front().result.test.has_value() != cell.test) {
        session_.terminal.note(
            fmt::format("{} was made with other settings: run again", place.result.string()));
        return std::nullopt;
    }
    return std::move(runs.front());
}

TrainingRun StudyRunner::run_one(const Cell& cell, std::uint64_t seed, const TrainingTask& task,
                                 const std::string& label) {
    const Place where = place(cell, seed);
    const OpticalSetup* const light = optical(cell);
    Progress progress(session_.terminal, label, "steps");
    TrainingRunOptions options{.method = cell.method,
                               .seed = seed,
                               .alignment = cell.alignment,
                               .test = cell.test,
                               .quantiser = cell.quantiser,
                               .threads = options_.bench.threads,
                               .checkpoint = where.state};
    options.note = [&](const std::string& line) {
        progress.clear();
        session_.terminal.note(line);
    };
    TrainingRun run = train_once(task, options, light, progress, session_.interruption.token());
    write_file(where.result, results_json({run}));
    std::error_code ignored;
    std::filesystem::remove(where.state, ignored);
    return run;
}

std::vector<CellResults> StudyRunner::run(const std::vector<Cell>& cells) {
    RemainingTime remaining;
    std::uint64_t total = 0;
    for (const Cell& cell : cells) {
        total += cell.seeds;
        remaining.plan(cell.task + cell.method, cell.seeds);
    }
    std::uint64_t done = 0;
    std::uint64_t found = 0;
    std::vector<CellResults> results;
    for (const Cell& cell : cells) {
        results.push_back({cell, {}});
        const OpticalSetup* const light = optical(cell);
        if (cell.method == "optical") {
            results.back().correlation = bench_of(cell).correlation;
            results.back().objection = bench_of(cell).objection;
            if (light == nullptr) {
                session_.terminal.note(fmt::format("{}: {}", cell.name, results.back().objection));
                done += cell.seeds;
                continue;
            }
        }
        const auto trained = task(cell.task, cell.recipe);
        for (std::uint64_t k = 0; k < cell.seeds; ++k) {
            const std::uint64_t seed = cell.first_seed + k;
            const TrainingRun planned = planned_run(*trained,
                                                    {.method = cell.method,
                                                     .seed = seed,
                                                     .alignment = cell.alignment,
                                                     .quantiser = cell.quantiser},
                                                    optical(cell));
            ++done;
            auto run = kept(place(cell, seed), cell, planned);
            if (run) {
                ++found;
                remaining.skip(cell.task + cell.method);
            } else {
                const std::string label = fmt::format("{}/{} {} {}", done, total, cell.name, seed);
                run = run_one(cell, seed, *trained, label);
                remaining.took(cell.task + cell.method, run->seconds);
                session_.terminal.note(fmt::format("[{}/{}] {}:{}, {}", done, total, cell.name,
                                                   run_line(*run), remaining.text()));
            }
            results.back().runs.push_back(std::move(*run));
        }
    }
    if (found > 0) {
        session_.terminal.note(fmt::format("{} of {} runs were there already, in {}", found, total,
                                           (options_.folder / "runs").string()));
    }
    return results;
}

}  // namespace opal::cli::reproduce
