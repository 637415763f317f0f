// Interferogram: the inverse of the demodulator, for asking "what if": mode fields -> the light
// every pixel should see. Used by the error budget only; double precision would change nothing
// there.
#pragma once

#include "calibration/demodulator.h"

#include <complex>
#include <span>
#include <vector>

namespace opal::calibration {

// S on the region's pixels, by separable band-limited interpolation between mode centres (sinc with
// a Hann window over 8 modes). Shape (rows, columns), sqrt(DN).
std::vector<std::complex<float>> field_on_pixels(const Holography& h,
                                                 std::span<const std::complex<float>> modes);

// R on the region's pixels: sqrt(reference_dn) exp(i phi). Shape (rows, columns), sqrt(DN).
std::vector<std::complex<float>> reference_on_pixels(const Holography& h);

}  // namespace opal::calibration
