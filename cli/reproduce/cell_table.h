// CellTable: what a study found, as rows of text that become Markdown and HTML, and as JSON.
#pragma once

#include "cli/reproduce/study.h"
#include "cli/training_results.h"

#include <optional>
#include <string>
#include <vector>

namespace opal::cli::reproduce {

using TextTable = std::vector<std::vector<std::string>>;  // the first row: heads

std::string markdown(const TextTable& table);

std::optional<Spread> test_percent(const CellResults& cell);
std::optional<Spread> validation_percent(const CellResults& cell);  // after the last epoch
double exposures_per_vector(const CellResults& cell);               // mean; 0 without light
double seconds(const std::vector<CellResults>& results);            // of all runs together

// "98.61 ± 0.05 (3)": mean, deviation between seeds, how many; "-" if there is none.
std::string cell_text(const CellResults& cell, const std::optional<Spread>& spread);

// The command that makes one cell's runs by itself.
std::string command_of(const Cell& cell);
// One row per cell: name, seeds, validation, test, time, command.
TextTable cell_list(const std::vector<CellResults>& results);

// Schema "opal-study-1": per cell its place, what it found and the seconds it took. The runs
// themselves are in the files of the folder `runs`.
std::string study_json(const std::string& study, const std::vector<CellResults>& results);

}  // namespace opal::cli::reproduce
