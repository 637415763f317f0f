// OpticalSetup: the bench that `optical` runs share, and its calibration record.
//
// Every run opens the bench anew at a moment of its own, so that what it finds depends on its
// settings and seed alone, not on the runs before it.
#pragma once

#include "calibration/record.h"
#include "cli/bench_choice.h"
#include "cli/session.h"

#include <Eigen/Core>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace opal::cli {

// Which bench a run was made on, for results.
struct BenchUsed {
    std::string name;    // for people
    std::string choice;  // --bench
    std::vector<std::string> overrides;
    std::string identity;
    std::string record_sha256;  // of the record file
    int camera_bits = 0;        // of a pixel while training; 0: results of an earlier version
};

class OpticalSetup {
public:
    // Opens the bench once, to find or make its record (record_for).
    OpticalSetup(Session& session, const BenchChoice& choice, int inputs, Eigen::Index outputs);

    // With the record of a file, complete or not.
    OpticalSetup(Session& session, const BenchChoice& choice, calibration::Record record,
                 const std::filesystem::path& file);

    std::unique_ptr<OpenedBench> open(sim::BenchMoment begin) const;
    const calibration::Record& record() const { return record_; }
    const BenchUsed& used() const { return used_; }

private:
    Session& session_;
    BenchChoice choice_;
    calibration::Record record_;
    BenchUsed used_;
};

}  // namespace opal::cli
