// Speckle: mode values -> the band-limited field on the sensor's pixels. Between the medium and
// the interferometer in the data flow.
//
// Mode (i, j) sits at pixel (i * pixels_per_mode_rows, j * pixels_per_mode_columns). The field
// between the centres is the separable interpolation
//     S(r, c) = sum over i, j of y_ij h(r / p_r - i) h(c / p_c - j),   h = sinc x Kaiser window
// with 12 taps per axis. h(0) = 1 and h(j) = 0 for other integers j (Nyquist), so the mode value is
// the field at its centre. The band is flat to 0.35 cycles per mode, half at 0.5 and
// below -53 dB from 0.65 on [Oppenheim 2010, section 7.6].
//
// Fixed point: modes and fields are int16, coefficients q14, each of the two passes (columns, then
// rows) sums exactly in int32 and rounds once, saturating.
//
// The mode grid is larger than the sensor by `margin` modes on each side: speckle does not end
// where the sensor does. ModeWindow counts in this grid; grid mode (i + margin, j + margin) is the
// sensor's mode (i, j).
#pragma once

#include "hal/frame.h"
#include "sim/physics/medium.h"
#include "sim/physics/speckle_kernels.h"
#include "sim/scene.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opal::sim {

class Speckle {
public:
    static constexpr int taps = static_cast<int>(speckle_taps);
    static constexpr int margin = taps / 2;

    Speckle(const SpeckleScene& speckle, int sensor_rows, int sensor_columns);

    int grid_rows() const { return grid_rows_; }
    int grid_columns() const { return grid_columns_; }

    // The modes that reach the region's pixels.
    ModeWindow window(hal::Region region) const;
    // The modes whose centres lie inside the region.
    ModeWindow centres(hal::Region region) const;

    // Mean over pixels of |S|^2 when E|y|^2 = 1: the interpolator's own power.
    double mean_power() const { return mean_power_; }

    // Complex values are re and im side by side.
    // First pass: modes (window, row-major) -> every pixel column of the region, still at mode
    // rows. into: (window.rows, region.columns). phases: storage.
    void expand_columns(std::span<const std::int16_t> modes, const ModeWindow& window,
                        hal::Region region, std::span<std::int16_t> into,
                        std::vector<std::int16_t>& phases) const;
    // Second pass: `rows` pixel rows from `row` on (counted from the region's first).
    // into: (rows, region.columns).
    void expand_rows(std::span<const std::int16_t> columns, const ModeWindow& window,
                     hal::Region region, int row, int rows, std::span<std::int16_t> into) const;

    // h at a distance in modes; what the coefficients are rounded from.
    static double kernel(double modes);

private:
    // Coefficients (phase, tap) in q14: tap t is mode floor(r / p) - margin + 1 + t.
    static std::vector<std::int16_t> coefficients(int pixels_per_mode);

    int pitch_rows_;
    int pitch_columns_;
    int grid_rows_;
    int grid_columns_;
    std::vector<std::int16_t> row_coefficients_;
    std::vector<std::int16_t> column_coefficients_;
    double mean_power_ = 0;
};

}  // namespace opal::sim
