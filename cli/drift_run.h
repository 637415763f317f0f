// DriftRun: one calibration, then hours of projections, and how well they still are what the
// calibration says they are. `opal drift`.
#pragma once

#include "cli/bench_choice.h"
#include "cli/session.h"
#include "projection/optical_projector.h"

#include <Eigen/Core>

#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

struct DriftRunOptions {
    BenchChoice bench;
    double hours = 1;     // of the bench's clock
    double every_s = 60;  // from one batch to the next
    Eigen::Index vectors = 64;
    int inputs = 10;
    double budget = projection::OpticalOptions{}.drift_budget;
    double wanted = 0.98;  // correlation with the matrix in use
};

// Correlations of the same random vectors' projections.
struct DriftSample {
    double time_s = 0;            // since the projector was made
    double in_use = 1;            // with the matrix in use
    double frozen = 1;            // with the matrix of the calibration
    std::optional<double> truth;  // with the medium as it is now; a simulated bench knows it
    double loss = 0;              // of correlation, as the projector itself sees it
    double loss_sigma = 0;
    double phase_rad = 0;  // between the arms
    double phase_sigma_rad = 0;
    double power = 1;        // of the light
    bool refreshed = false;  // the matrix was measured again
};

struct DriftReport {
    std::string bench_name;
    double budget = 0;
    double wanted = 0;
    std::vector<DriftSample> samples;
    projection::OpticalHealth health;
    std::uint64_t exposures = 0;
    std::string stop;  // why it ended early; empty: it did not
    double worst_in_use() const;
    double worst_truth() const;
    bool passed() const { return stop.empty() && worst_in_use() >= wanted; }
};

DriftReport run_drift(Session& session, const DriftRunOptions& options);

std::string drift_table(const DriftReport& report, const Terminal& terminal);
std::string drift_json(const DriftReport& report);  // schema "opal-drift-1"
std::string drift_page(const DriftReport& report);  // HTML

}  // namespace opal::cli
