// Verdict and Measured: what every node of the calibration graph says about itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace opal::calibration {

struct Verdict {
    bool passed = false;
    std::string text;    // one plain sentence: what was found, what was wanted, what to do
    std::string inputs;  // hash of the inputs the node was computed from
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
