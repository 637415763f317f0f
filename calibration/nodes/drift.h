// Drift: how the phase between the arms wanders and shakes, and how long the medium stays itself.
//
// Inputs: identity. Two laws of decorrelation are known: linear in time, where scatterers wander,
// and quadratic, where the medium turns steadily into another (docs/drift.md). Twelve
// seconds do not tell which. Rule: within what was observed the loss is taken to be linear, beyond
// it quadratic; either is the larger of the two laws there.
#pragma once

#include "calibration/verdict.h"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
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
    // Mean loss of field correlation per second of what was observed; 0 within its sigma: stable.
    Measured decorrelation_per_s;
    double observed_s = 0;
    std::uint32_t batch_frames = 0;  // recommended: phase and medium stand still within a batch
    std::vector<double> time_s;
    std::vector<double> phase_rad;  // unwrapped
    std::vector<double> correlation;
};

// Whether the medium was seen to change at all: by more than three standard uncertainties.
bool fades(const Drift& drift);
// Loss of correlation after this time, if it goes on as it was seen; 0 if nothing was seen.
double loss_after(const Drift& drift, double age_s);
// After which time so much may be lost; infinite if nothing was seen.
double time_to_lose(const Drift& drift, double loss);
// How often the change over `pause_s` seconds fits into `age_s`, in power: the same two laws.
double growth_of_change(double age_s, double pause_s);

// The fields of bursts of one pattern, (bursts, frames, modes), and when each began -> loss of
// correlation per second, whatever the laser's power does. Noise lowers all of them alike.
Measured decorrelation_of(std::span<const std::complex<float>> fields,
                          std::span<const double> burst_time_s, std::size_t frames_per_burst,
                          std::size_t modes);

Drift measure_drift(Session& session);

}  // namespace opal::calibration
