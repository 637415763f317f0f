// Figures: the sections of the report, each from what it shows.
#pragma once

#include "calibration/graph.h"
#include "calibration/record.h"
#include "cli/report/page.h"
#include "cli/report/plot.h"
#include "cli/training_run.h"
#include "hal/frame.h"

#include <optional>
#include <vector>

namespace opal::cli {

// In the order of the report. A section whose node was not measured is left out.
void add_graph(Page& page, const calibration::Record& record,
               const calibration::PerNode<calibration::Freshness>& states);
void add_first_nodes(Page& page, const calibration::Record& record, Gnuplot& gnuplot);
void add_fringes(Page& page, const calibration::Record& record,
                 const std::optional<hal::Frame>& frame);
void add_speckle(Page& page, const calibration::Record& record, Gnuplot& gnuplot);
void add_matrix(Page& page, const calibration::Record& record, Gnuplot& gnuplot);
void add_validation(Page& page, const calibration::Record& record, Gnuplot& gnuplot);
void add_devices(Page& page, const calibration::Record& record, Gnuplot& gnuplot);
// What is left of the calibration; nothing without a drift node and a matrix.
void add_drift_state(Page& page, const calibration::Record& record,
                     const calibration::PerNode<calibration::Freshness>& states);
// Within the section of training.
void add_feedback(Page& page, const std::vector<TrainingRun>& runs, Gnuplot& gnuplot);
void add_training(Page& page, const std::vector<TrainingRun>& runs, Gnuplot& gnuplot);

}  // namespace opal::cli
