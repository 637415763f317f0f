// TrainingResults: what training runs found, as a table for people and as JSON for programs.
#pragma once

#include "cli/terminal.h"
#include "cli/training_run.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

// Mean over seeds and the standard deviation between them (0 for a single seed).
struct Spread {
    double mean = 0;
    double deviation = 0;
};

struct MethodSummary {
    std::string method;
    std::size_t seeds = 0;
    std::optional<Spread> validation_percent;  // of the last epoch
    std::optional<Spread> test_percent;
    double seconds = 0;  // mean per run
    std::uint64_t vectors = 0;
    std::uint64_t acquisitions = 0;
    std::uint64_t repeats = 0;
};

// One per method, in order of appearance.
std::vector<MethodSummary> summarise(const std::vector<TrainingRun>& runs);

std::string spread_text(const std::optional<Spread>& spread);  // "97.62 ± 0.08" or "-"
std::string run_line(const TrainingRun& run);  // "optical seed 0: test 97.6 % in 41 s"
std::string results_table(const std::vector<TrainingRun>& runs, const Terminal& terminal);

// Schema "opal-training-1": one object per run, with its settings, and one per epoch in it.
std::string results_json(const std::vector<TrainingRun>& runs);

// Reads what results_json() wrote. Throws BadInput: which file, what is wrong.
std::vector<TrainingRun> read_results(const std::filesystem::path& file);

}  // namespace opal::cli
