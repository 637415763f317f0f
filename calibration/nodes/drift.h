// Drift: how the phase between the arms wanders and shakes, and how long the medium stays itself.
//
// Inputs: identity. Recommends how long a batch may last.
#pragma once

#include "calibration/verdict.h"

#include <cstdint>
#include <vector>

namespace opal::calibration {

struct Session;

struct Drift {
    Verdict verdict;
    double drift_rad_per_s = 0;  // rms rate of the slow phase
    double phase_rms_rad = 0;    // over the whole observation
    double vibration_rad = 0;    // rms of the strongest line
    double vibration_hz = 0;
    double power_rms = 0;  // relative, of the field's amplitude
    Measured
        decorrelation_per_s;  // loss of field correlation with time; 0 within its sigma: stable
    double observed_s = 0;
    std::uint32_t batch_frames = 0;  // recommended: phase and medium stand still within a batch
    std::vector<double> time_s;
    std::vector<double> phase_rad;  // unwrapped
    std::vector<double> correlation;
};

Drift measure_drift(Session& session);

}  // namespace opal::calibration
