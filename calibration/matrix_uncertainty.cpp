// MatrixUncertainty: see matrix_uncertainty.h.
#include "calibration/matrix_uncertainty.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::calibration {

std::vector<float> entry_sigma(const Record& record) {
    assert(record.matrix && record.photon_transfer);
    const Holography& h = record.holography;
    // Variance of a pixel under the reference alone: the signal is a small part of the light.
    const double gain = std::max(record.photon_transfer->gain_e_per_dn.value, 1e-9);
    const double read_dn = record.photon_transfer->read_noise_e.value / gain;
    std::vector<float> variance;
    variance.reserve(h.reference_dn.size());
    for (const float light : h.reference_dn)
        variance.push_back(
            static_cast<float>(read_dn * read_dn + 1.0 / 12 + static_cast<double>(light) / gain));
    std::vector<float> shares = Demodulator(h).noise_power(variance);
    double mean = 0;
    for (const float n : shares)
        mean += static_cast<double>(n) / static_cast<double>(shares.size());
    const double looks = static_cast<double>(record.matrix->order) * record.matrix->repeats;
    for (float& n : shares)
        n = static_cast<float>(std::sqrt(2 * record.matrix->noise_power *
                                         (static_cast<double>(n) / std::max(mean, 1e-300)) /
                                         std::max(looks, 1.0)));
    return shares;
}

}  // namespace opal::calibration
