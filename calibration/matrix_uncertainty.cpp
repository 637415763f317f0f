// MatrixUncertainty: see matrix_uncertainty.h.
#include "calibration/matrix_uncertainty.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

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
    std::vector<float> sigma;
    sigma.reserve(record.matrix->entries.size());
    for (const float input : record.matrix->input_variance)
        for (const float n : shares)
            sigma.push_back(static_cast<float>(
                std::sqrt(record.matrix->noise_power * static_cast<double>(input) *
                          static_cast<double>(n) / std::max(mean, 1e-300))));
    return sigma;
}

PhaseUncertainty phase_uncertainty(const Carrier& carrier, const Holography& h) {
    constexpr double turn = 2 * std::numbers::pi;
    const Measured& bend = carrier.curvature_rad_per_px2;
    // A curvature that could not be told from zero was left out: then it is off by what it is.
    const double left_out = h.curvature_rad_per_px2 == 0 ? bend.value : 0;
    return {turn * carrier.rows_cpp.sigma, turn * carrier.columns_cpp.sigma,
            std::hypot(bend.sigma, left_out)};
}

std::vector<float> phase_sigma(const Record& record) {
    assert(record.carrier);
    const Holography& h = record.holography;
    const PhaseUncertainty u = phase_uncertainty(*record.carrier, h);
    std::vector<float> sigma;
    sigma.reserve(h.modes());
    for (int row = 0; row < h.mode_rows; ++row)
        for (int column = 0; column < h.mode_columns; ++column) {
            const double r = row * h.pitch_rows_px - 0.5 * (h.region.rows - 1);
            const double c = column * h.pitch_columns_px - 0.5 * (h.region.columns - 1);
            sigma.push_back(
                static_cast<float>(std::hypot(u.rows_rad_per_px * r, u.columns_rad_per_px * c,
                                              u.bend_rad_per_px2 * (r * r + c * c))));
        }
    return sigma;
}

}  // namespace opal::calibration
