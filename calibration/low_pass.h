// Low-pass: the taps that turn one axis of a demodulated interferogram into mode samples.
//
// After multiplication with the carrier the signal fills |f| <= 1 / (2 pitch), the light that does
// not interfere sits at f = +carrier, and |S|^2, the twin image and noise fill the rest. The taps
// are the weighted least-squares answer to that picture:
//
//   minimise  int_pass |W(f) - 1|^2 df + stop_weight int_stop |W(f)|^2 df + ridge |w|^2
//             + null_weight |W(carrier)|^2,        W(f) = sum_t w(t) exp(+2 pi i f t)
//
// [Tufts & Francis 1970; Vaidyanathan & Nguyen 1987 for the eigenvalue view of the same integrals].
// Rule: the same recipe serves the middle and the edges of a frame. Near an edge only the pixels
// that exist take part, so the result stays linear in the light and needs no invented pixels.
#pragma once

#include <complex>
#include <vector>

namespace opal::calibration {

struct LowPass {
    int first_px = 0;  // pixel of the first tap
    // Carrier removed from the taps: they multiply samples already shifted to the base band.
    std::vector<std::complex<double>> taps;
};

// Half length of the filter, in pixels, away from edges.
int low_pass_reach_px(int pitch_px);

// The filter for the mode at pixel `centre_px` of an axis with `pixels` pixels.
LowPass design_low_pass(int centre_px, int pixels, int pitch_px, double carrier_cpp);

}  // namespace opal::calibration
