// CalibrationRun: calibrate a bench while somebody watches, and keep the record.
#pragma once

#include "calibration/calibrate.h"
#include "calibration/record.h"
#include "cli/bench_choice.h"
#include "cli/session.h"

#include <Eigen/Core>

#include <filesystem>
#include <string>

namespace opal::cli {

// One line per node: its verdict in plain words.
std::string verdict_line(const Terminal& terminal, std::string_view title,
                         const calibration::Verdict& verdict, bool to_out);

struct CalibrationRunOptions {
    calibration::Options calibration;
    std::filesystem::path record_file;
    bool verdicts_to_out = false;  // stdout instead of stderr
};

// Where an unfinished run keeps what it has measured of this record.
std::filesystem::path partial_of(const std::filesystem::path& record);

// Saves the record if every node passed and anything is new. If one did not, what was measured is
// kept in the partial file beside it, and the record that was there stays.
calibration::Record run_calibration(Session& session, hal::Bench& bench,
                                    const CalibrationRunOptions& options);

// The record of this bench: the one on the disk if it holds for the bench and has at least `inputs`
// inputs and `outputs` outputs, else a new calibration, and stderr says why. Throws BadInput if a
// record was named by the user and cannot serve.
calibration::Record record_for(Session& session, OpenedBench& bench, const BenchChoice& choice,
                               int inputs, Eigen::Index outputs);

}  // namespace opal::cli
