// SelftestRun: everything `opal selftest` asks of a bench, in order, on any hal::Bench.
//
//   contract checks without light -> contract checks with light -> small calibration -> projection
//
// Rule: as long as the laser's off() and its limits have not been seen to work, nothing emits: one
// failure there, and all that needs light is skipped.
#pragma once

#include "contract/checks.h"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace opal::cli {

struct SelftestCase {
    std::string suite;  // "laser", "calibration"
    std::string title;
    contract::Outcome outcome = contract::Outcome::passed;
    std::vector<std::string> reasons;  // of a failure or of being skipped
    std::string finding;               // in plain words, where there is one
    double wall_s = 0;
};

struct SelftestOptions {
    bool calibrate = true;  // and project
    int inputs = 10;
    int region_rows = 128;
    int region_columns = 128;
    std::uint64_t seed = 1;
    std::stop_token stop = {};
    // Called before each case with its title, how many came before, and how many there are.
    std::function<void(const std::string& title, std::size_t done, std::size_t all)> on_begin;
    std::function<void(const SelftestCase& done)> on_end;
};

// Never throws what the bench does wrong: that becomes a failed case. Throws Interrupted.
std::vector<SelftestCase> run_selftest(contract::Rig& rig, const SelftestOptions& options);

}  // namespace opal::cli
