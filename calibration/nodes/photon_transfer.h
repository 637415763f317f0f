// Photon transfer: variance against mean of reference-only frames. Gain, read noise in electrons,
// linearity [EMVA 2021, section 6].
//
// Inputs: dark, exposure, carrier (which frequencies fringes use). Used by: the error budget.
#pragma once

#include "calibration/verdict.h"

#include <vector>

namespace opal::calibration {

struct Session;

struct PhotonTransfer {
    Verdict verdict;
    Measured gain_e_per_dn;       // working format
    Measured gain_deep_e_per_dn;  // deep format; 0 if the light shows no shot noise
    Measured read_noise_e;
    double linearity_percent = 0;  // largest deviation from the straight line, of the mid range
    // The curve, deep format: mean above black (DN), temporal variance (DN^2), exposure (us).
    std::vector<double> mean_dn;
    std::vector<double> variance_dn2;
    std::vector<double> exposure_us;
};

PhotonTransfer measure_photon_transfer(Session& session);

}  // namespace opal::calibration
