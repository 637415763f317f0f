// Interferogram: see interferogram.h.
#include "calibration/interferogram.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::calibration {

namespace {

constexpr int reach_modes = 4;

float kernel(double modes) {
    if (std::abs(modes) >= reach_modes) return 0;
    const double x = std::numbers::pi * modes;
    const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
    return static_cast<float>(sinc * (0.5 + 0.5 * std::cos(x / reach_modes)));
}

// from: (lines, modes) -> to: (lines, pixels); steps say how far apart elements lie.
void interpolate(const std::complex<float>* from, int from_line, int from_step, int modes,
                 std::complex<float>* to, int to_line, int to_step, int pixels, int lines,
                 int pitch) {
    for (int p = 0; p < pixels; ++p) {
        const double at = static_cast<double>(p) / pitch;
        const int first = std::max(0, static_cast<int>(std::floor(at)) - reach_modes + 1);
        const int last = std::min(modes - 1, static_cast<int>(std::floor(at)) + reach_modes);
        for (int l = 0; l < lines; ++l) {
            std::complex<float> sum = 0;
            for (int m = first; m <= last; ++m)
                sum += kernel(at - m) * from[l * from_line + m * from_step];
            to[l * to_line + p * to_step] = sum;
        }
    }
}

}  // namespace

std::vector<std::complex<float>> field_on_pixels(const Holography& h,
                                                 std::span<const std::complex<float>> modes) {
    assert(modes.size() == h.modes());
    std::vector<std::complex<float>> wide(static_cast<std::size_t>(h.mode_rows) *
                                          static_cast<std::size_t>(h.region.columns));
    interpolate(modes.data(), h.mode_columns, 1, h.mode_columns, wide.data(), h.region.columns, 1,
                h.region.columns, h.mode_rows, h.pitch_columns_px);
    std::vector<std::complex<float>> field(h.region.pixels());
    interpolate(wide.data(), 1, h.region.columns, h.mode_rows, field.data(), 1, h.region.columns,
                h.region.rows, h.region.columns, h.pitch_rows_px);
    return field;
}

std::vector<std::complex<float>> reference_on_pixels(const Holography& h) {
    std::vector<std::complex<float>> result;
    result.reserve(h.region.pixels());
    for (int row = 0; row < h.region.rows; ++row)
        for (int column = 0; column < h.region.columns; ++column) {
            const double dr = row - 0.5 * (h.region.rows - 1);
            const double dc = column - 0.5 * (h.region.columns - 1);
            const double phase =
                2 * std::numbers::pi * (h.carrier_rows_cpp * row + h.carrier_columns_cpp * column) +
                h.curvature_rad_per_px2 * (dr * dr + dc * dc);
            const auto amplitude = std::sqrt(static_cast<double>(h.reference_dn[result.size()]));
            result.push_back(std::complex<float>(std::polar(amplitude, phase)));
        }
    return result;
}

}  // namespace opal::calibration
