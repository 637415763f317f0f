// Exposure: how long the camera may look before the brightest fringes of a half-lit DMD saturate.
//
// Inputs: dark. Sets the camera exposure and a provisional, generous trigger timing; used by all.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/verdict.h"

namespace opal::calibration {

struct Session;

inline constexpr int half_lit_frames = 8;  // the result is looked at in

struct Exposure {
    Verdict verdict;
    Timing timing;
    double laser_power_mw = 0;      // lowered if the shortest exposure was too long
    double saturation_dn = 0;       // where the working format clips, code or full well
    double brightest_dn = 0;        // 99.99th percentile of half-lit frames at the chosen exposure
    double mean_dn = 0;             // of the same frames
    double saturated_fraction = 0;  // of their pixels
};

Exposure measure_exposure(Session& session);

}  // namespace opal::calibration
