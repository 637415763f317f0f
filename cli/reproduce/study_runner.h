// StudyRunner: runs the cells of a study, seed by seed, and keeps what it has.
//
//   folder/runs/<cell>-<seed>.json          a finished run; not run again if its settings are these
//   folder/states/<cell>-<seed>.checkpoint  a run under way; gone when it is finished
//   folder/records/<bench>.h5               the calibration of each bench the cells need
//
// The same folder may be given again after Ctrl-C, kill -9 or with more seeds.
#pragma once

#include "cli/bench_choice.h"
#include "cli/optical_setup.h"
#include "cli/reproduce/run_queue.h"
#include "cli/reproduce/study.h"
#include "cli/session.h"
#include "cli/training_task.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli::reproduce {

struct RunnerOptions {
    std::filesystem::path folder;
    BenchChoice bench;
    std::map<std::string, std::filesystem::path> data;  // by task; missing: the usual place
    int jobs = 1;  // runs side by side (run_queue.h); changes no result
};

class StudyRunner {
public:
    StudyRunner(Session& session, RunnerOptions options);

    std::vector<CellResults> run(const std::vector<Cell>& cells);

    // For studies that need more of a run than its numbers.
    std::unique_ptr<TrainingTask> task(const std::string& name,
                                       const std::vector<std::string>& recipe);
    // The bench of `cell`, calibrated; null for methods that need none, and for a bench without a
    // matrix. Throws std::runtime_error if the calibration says no and the cell may not be refused.
    const OpticalSetup* optical(const Cell& cell);

private:
    struct CalibratedBench {
        std::unique_ptr<OpticalSetup> setup;  // null: not enough was measured
        double correlation = 0;
        std::string objection;
    };
    CalibratedBench& bench_of(const Cell& cell);
    struct Place {
        std::filesystem::path result;
        std::filesystem::path state;
    };
    Place place(const Cell& cell, std::uint64_t seed) const;
    std::optional<TrainingRun> kept(const Place& place, const Cell& cell,
                                    const TrainingRun& planned) const;
    TrainingRun run_one(const Cell& cell, std::uint64_t seed, const TrainingTask& task,
                        const OpticalSetup* light, const std::string& label);
    int threads() const;  // of one run
    // Takes runs from the queue, one thread per job, until `work` has done all of them.
    void share_out(std::vector<PlannedRun> runs,
                   const std::function<void(const PlannedRun&)>& work);

    Session& session_;
    RunnerOptions options_;
    std::map<std::string, std::unique_ptr<TrainingTask>> data_;  // by task, with its own recipe
    std::map<std::string, CalibratedBench> benches_;             // by overrides
};

}  // namespace opal::cli::reproduce
