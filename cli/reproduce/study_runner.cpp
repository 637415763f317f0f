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
#include <chrono>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace opal::cli::reproduce {

namespace {

// Every bench of a study serves every task: MNIST's inputs and feedback are the larger ones.
constexpr int inputs = 10;
constexpr int modes_per_side = 32;

// Between two lines of progress, for runs side by side.
constexpr std::chrono::seconds line_period{30};

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

int StudyRunner::threads() const {
    if (options_.bench.threads > 0 || options_.jobs == 1) return options_.bench.threads;
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, cores / options_.jobs);
}

TrainingRun StudyRunner::run_one(const Cell& cell, std::uint64_t seed, const TrainingTask& task,
                                 const OpticalSetup* light, const std::string& label) {
    const Place where = place(cell, seed);
    Progress progress(session_.terminal, label, "steps");
    if (options_.jobs > 1) progress.as_lines(line_period);
    TrainingRunOptions options{.method = cell.method,
                               .seed = seed,
                               .alignment = cell.alignment,
                               .test = cell.test,
                               .quantiser = cell.quantiser,
                               .threads = threads(),
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

void StudyRunner::share_out(std::vector<PlannedRun> runs,
                            const std::function<void(const PlannedRun&)>& work) {
    const auto jobs = std::min(static_cast<std::size_t>(options_.jobs), runs.size());
    RunQueue queue(std::move(runs));
    std::mutex mutex;
    std::exception_ptr fault;  // the first
    const auto serve = [&](bool light_first) {
        try {
            while (const auto run = queue.take(light_first)) {
                work(*run);
                queue.done(*run);
            }
        } catch (...) {
            queue.close();
            const std::lock_guard lock(mutex);
            if (!fault) fault = std::current_exception();
        }
    };
    std::vector<std::jthread> helpers;
    for (std::size_t k = 1; k < jobs; ++k) helpers.emplace_back([&, k] { serve(k == 1); });
    serve(false);
    helpers.clear();
    if (fault) std::rethrow_exception(fault);
}

std::vector<CellResults> StudyRunner::run(const std::vector<Cell>& cells) {
    RemainingTime remaining(options_.jobs);
    std::vector<CellResults> results;
    std::vector<std::unique_ptr<TrainingTask>> tasks;
    std::vector<const OpticalSetup*> lights;
    std::vector<std::vector<std::optional<TrainingRun>>> runs;
    std::vector<PlannedRun> missing;
    std::size_t total = 0;
    std::size_t found = 0;
    for (const Cell& cell : cells) {
        results.push_back({cell, {}});
        runs.emplace_back();
        lights.push_back(optical(cell));
        tasks.push_back(task(cell.task, cell.recipe));
        total += cell.seeds;
        const bool light = cell.method == "optical";
        if (light) {
            results.back().correlation = bench_of(cell).correlation;
            results.back().objection = bench_of(cell).objection;
            if (lights.back() == nullptr) {
                session_.terminal.note(fmt::format("{}: {}", cell.name, results.back().objection));
                continue;
            }
        }
        for (std::uint64_t k = 0; k < cell.seeds; ++k) {
            const std::uint64_t seed = cell.first_seed + k;
            const TrainingRun planned = planned_run(*tasks.back(),
                                                    {.method = cell.method,
                                                     .seed = seed,
                                                     .alignment = cell.alignment,
                                                     .quantiser = cell.quantiser},
                                                    lights.back());
            runs.back().push_back(kept(place(cell, seed), cell, planned));
            if (runs.back().back()) {
                ++found;
                continue;
            }
            missing.push_back({results.size() - 1, runs.back().size() - 1, seed, light});
            remaining.plan(cell.task + cell.method, 1, light);
        }
    }
    std::mutex mutex;  // guards what follows
    std::size_t begun = found;
    std::size_t done = found;
    share_out(std::move(missing), [&](const PlannedRun& which) {
        const Cell& cell = cells[which.cell];
        std::string label;
        {
            const std::lock_guard lock(mutex);
            label = fmt::format("{}/{} {} {}", ++begun, total, cell.name, which.seed);
        }
        TrainingRun run = run_one(cell, which.seed, *tasks[which.cell], lights[which.cell], label);
        const std::lock_guard lock(mutex);
        remaining.took(cell.task + cell.method, run.seconds);
        session_.terminal.note(fmt::format("[{}/{}] {}:{}, {}", ++done, total, cell.name,
                                           run_line(run), remaining.text()));
        runs[which.cell][which.place] = std::move(run);
    });
    for (std::size_t k = 0; k < results.size(); ++k) {
        for (auto& run : runs[k]) results[k].runs.push_back(std::move(*run));
    }
    if (found > 0) {
        session_.terminal.note(fmt::format("{} of {} runs were there already, in {}", found, total,
                                           (options_.folder / "runs").string()));
    }
    return results;
}

}  // namespace opal::cli::reproduce
