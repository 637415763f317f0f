// Study: a question asked of many training runs. A row of named cells and a way to show them.
//
//   cells --> StudyRunner (study_runner.h) --> runs of each cell --> the study's renderer --> files
//
// A new study is one file with these two functions, and one line in reproduce_command.cpp.
#pragma once

#include "cli/training_run.h"
#include "projection/quantiser.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace opal::cli::reproduce {

// Some runs that differ in nothing but their seed.
struct Cell {
    std::string name;  // of files: letters, digits, dots and hyphens; unique in the study
    std::string row;   // where the renderer puts it
    std::string column;
    double x = 0;  // likewise, in plots
    std::string task;
    std::string method;
    std::vector<std::string> recipe = {};         // changes to the task's (dfa/recipe_settings.h)
    projection::QuantiserOptions quantiser = {};  // ternary and optical
    std::vector<std::string> overrides = {};      // of the scene; optical
    int camera_bits = 12;                         // 8, 10 or 12
    int pitch_px = 4;                             // pixels per mode of that scene
    std::uint64_t seeds = 1;
    std::uint64_t first_seed = 0;
    bool alignment = false;
    bool test = true;  // false: validation only, for choosing settings
    // True: a bench that the calibration refuses is used as far as it was measured; one without a
    // matrix leaves the cell without runs.
    bool may_be_refused = false;
};

// The feedback every study starts from: two exposures at most, right on average.
inline projection::QuantiserOptions stochastic_ternary() {
    projection::QuantiserOptions options;
    options.kind = projection::Quantisation::stochastic;
    return options;
}

struct CellResults {
    Cell cell;
    std::vector<TrainingRun> runs;  // one per seed, in order
    double correlation = 0;         // held out, of the bench's calibration; 0: no bench or none
    std::string objection = {};     // the calibration's, if it refused the bench
};

// What the user may say; each study takes what concerns it.
struct StudyOptions {
    bool quick = false;                // a first look: few seeds, few epochs
    std::uint64_t seeds = 0;           // 0: the study's
    std::vector<std::string> tasks;    // empty: all
    std::vector<std::string> columns;  // empty: all

    bool wants_task(const std::string& task) const;
    bool wants_column(const std::string& column) const;
};

// A file of the study's output, with its extension.
struct Document {
    std::string name;
    std::string content;
};

struct Study {
    std::string name;
    std::string about;  // one line
    std::function<std::vector<Cell>(const StudyOptions&)> cells;
    // `terminal` gets the content of the first document with the extension "md".
    std::function<std::vector<Document>(const StudyOptions&, const std::vector<CellResults>&)>
        render;
};

Study table1_study();
// The cell of table 1, for what else is to be known about its networks.
Cell table1_cell(const std::string& row, const std::string& column);
Study select_study();
Study quantisers_study();
Study noise_study();

}  // namespace opal::cli::reproduce
