// Low-pass: see low_pass.h.
#include "calibration/low_pass.h"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::calibration {

namespace {

constexpr double pi = std::numbers::pi;

// In units of 1 / (2 pitch). Chosen on synthetic speckle of pitch 4 and carrier 3/8, where a wider
// transition lets the twin image in at a corner of the pupil and a narrower one bends the pass
// band: both errors are then near 1e-3 of the power, and |S|^2 leaks 1e-6.
constexpr double pass_edge = 1.0;
constexpr double stop_edge = 1.3;
constexpr double stop_weight = 0.3;
constexpr double ridge = 1e-6;  // white noise; keeps the edge filters' taps small
constexpr double null_weight = 10.0;

// Integral of exp(2 pi i f d) over |f| <= edge.
double band(double edge, double d) {
    return d == 0 ? 2 * edge : std::sin(2 * pi * edge * d) / (pi * d);
}

}  // namespace

int low_pass_reach_px(int pitch_px) {
    return 4 * pitch_px;
}

LowPass design_low_pass(int centre_px, int pixels, int pitch_px, double carrier_cpp) {
    assert(pitch_px >= 1 && centre_px >= 0 && centre_px < pixels);
    const int reach = low_pass_reach_px(pitch_px);
    const int first = std::max(0, centre_px - reach);
    const int last = std::min(pixels - 1, centre_px + reach);
    const int n = last - first + 1;
    const double half_band = 0.5 / pitch_px;
    // A pitch of one pixel leaves no room for a stop band: everything is signal.
    const double pass = std::min(pass_edge * half_band, 0.5);
    const double stop = std::min(stop_edge * half_band, 0.5);

    Eigen::MatrixXcd a(n, n);
    Eigen::VectorXcd b(n);
    for (int i = 0; i < n; ++i) {
        const double at = first + i - centre_px;
        b(i) = band(pass, at);
        for (int j = 0; j < n; ++j) {
            const double d = i - j;
            const double everything = d == 0 ? 1 : 0;
            const double wanted =
                band(pass, d) + stop_weight * (everything - band(stop, d)) + ridge * everything;
            a(i, j) = wanted + null_weight * std::polar(1.0, -2 * pi * carrier_cpp * d);
        }
    }
    const Eigen::VectorXcd w = a.llt().solve(b);
    LowPass result;
    result.first_px = first;
    result.taps.assign(w.data(), w.data() + n);
    return result;
}

}  // namespace opal::calibration
