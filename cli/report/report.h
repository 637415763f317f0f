// Report: one bench and what was trained on it, as a page that explains itself.
//
//   calibration record --+
//   one live frame ------+--> figures --> Page --> report.html
//   training results ----+
#pragma once

#include "calibration/graph.h"
#include "calibration/record.h"
#include "cli/training_run.h"
#include "hal/bench.h"
#include "hal/frame.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::cli {

struct ReportInput {
    const calibration::Record* record = nullptr;
    calibration::Wanted wanted;       // what its results have to have been made with; and now
    std::optional<hal::Frame> frame;  // of half of the inputs on; what the fringes look like
    std::vector<TrainingRun> runs;    // may be empty
    std::string command;              // that made this report
    std::string scene;                // the simulated bench as YAML; empty for a real one
};

struct Report {
    std::string html;
    bool drawn = true;  // false: gnuplot is missing and numbers stand in for drawings
};

Report make_report(const ReportInput& input);

// Turns the laser on, shows half of the inputs and takes one frame of the record's region.
hal::Frame take_example_frame(hal::Bench& bench, const calibration::Record& record,
                              std::stop_token stop);

}  // namespace opal::cli
