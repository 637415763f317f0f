// Reference: |R|^2 per pixel, and how much stronger than the signal it is.
//
// Inputs: dark, exposure, carrier. Completes the holography; used by every later node.
#pragma once

#include "calibration/verdict.h"

#include <cstddef>

namespace opal::calibration {

struct Session;

constexpr std::size_t reference_frames = 64;  // |R|^2 is their mean

struct Reference {
    Verdict verdict;
    Measured mean_dn;       // |R|^2, mean over the region
    double unevenness = 0;  // rms of |R|^2 over its mean
    Measured ratio;         // |R|^2 : mean |S|^2 with half of the mirrors on
};

Reference measure_reference(Session& session);

}  // namespace opal::calibration
