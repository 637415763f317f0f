// Verdict and Measured: what every node of the calibration graph says about itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace opal::calibration {

// One number a node is judged by, and where it may lie.
struct Check {
    std::string name;  // "black level"
    std::string unit = {};
    double value = 0;
    double sigma = 0;  // 0: not known
    double low = -std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::max();
    bool holds() const { return value >= low && value <= high; }
};

// A result of the graph that another one was computed from.
struct NodeInput {
    std::string node;  // its title
    std::string hash;  // of its result at that time
};

struct Verdict {
    bool passed = false;
    std::string text;     // one plain sentence: what was found, what was wanted, what to do
    std::string inputs;   // hash of everything the node was computed from: bench, options, results
    std::string bench;    // hash of the bench's identity and the program's version
    std::string options;  // what was asked for, as far as the node depends on it
    std::string result;   // hash of the node's own result
    std::vector<NodeInput> made_from;  // the results among the inputs, one by one
    std::vector<Check> checks;         // what the verdict rests on
    // Seconds since 1970, UTC, as the caller's clock said; 0: it had none. Confirmed: measured
    // again because of its age, found equal within the uncertainty, and kept.
    double measured_utc_s = 0;
    double confirmed_utc_s = 0;
    double age_limit_s = 0;   // after that it is measured again; 0: never
    double bench_time_s = 0;  // when it was done, on the bench's own clock
    double took_s = 0;        // on the bench's own clock
    // Exposures of this node that were taken again: runs that failed a check of Acquisition, frames
    // whose light did not show their code word (word_check.h).
    std::uint32_t repeated_runs = 0;
    std::uint32_t misread_frames = 0;
};

// A value and its standard uncertainty (one sigma), in the unit its name states.
struct Measured {
    double value = 0;
    double sigma = 0;
};

// "2.503 +- 0.0042": as many decimals as the first two digits of the uncertainty need.
std::string text_of(const Measured& m);

// Mean of independent readings with the uncertainty their scatter shows.
inline Measured mean_of(const std::vector<double>& readings) {
    if (readings.empty()) return {};
    const auto n = static_cast<double>(readings.size());
    double mean = 0;
    for (const double x : readings) mean += x / n;
    double square = 0;
    for (const double x : readings) square += (x - mean) * (x - mean);
    return {mean, readings.size() > 1 ? std::sqrt(square / (n * (n - 1))) : 0};
}

}  // namespace opal::calibration
