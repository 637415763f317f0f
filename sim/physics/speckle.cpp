// Speckle: coefficients and the two passes of the interpolation. See speckle.h.
#include "sim/physics/speckle.h"

#include "sim/physics/portable_math.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::sim {

namespace {

constexpr int q14 = 14;
constexpr double kaiser_beta = 5;

double power_of(const std::vector<std::int16_t>& coefficients, int phases) {
    double sum = 0;
    for (const std::int16_t c : coefficients) sum += static_cast<double>(c) * c;
    return sum / phases / (16384.0 * 16384.0);
}

}  // namespace

double Speckle::kernel(double modes) {
    constexpr double half = taps / 2.0;
    const double x = modes < 0 ? -modes : modes;
    if (x >= half) return 0;
    const double sinc = x < 1e-9 ? 1 : cos_sin_of_turns(0.5 * x).sine / (pi * x);
    const double edge = x / half;
    // [Kaiser 1974]
    return sinc * bessel_i0(kaiser_beta * std::sqrt(1 - edge * edge)) / bessel_i0(kaiser_beta);
}

std::vector<std::int16_t> Speckle::coefficients(int pixels_per_mode) {
    std::vector<std::int16_t> all;
    for (int phase = 0; phase < pixels_per_mode; ++phase) {
        for (int t = 0; t < taps; ++t) {
            const double distance = static_cast<double>(phase) / pixels_per_mode - (t - margin + 1);
            all.push_back(
                static_cast<std::int16_t>(round_to_integer(kernel(distance) * (1 << q14))));
        }
    }
    return all;
}

Speckle::Speckle(const SpeckleScene& speckle, int sensor_rows, int sensor_columns)
    : pitch_rows_(speckle.pixels_per_mode_rows),
      pitch_columns_(speckle.pixels_per_mode_columns),
      grid_rows_((sensor_rows + pitch_rows_ - 1) / pitch_rows_ + 2 * margin),
      grid_columns_((sensor_columns + pitch_columns_ - 1) / pitch_columns_ + 2 * margin),
      row_coefficients_(coefficients(pitch_rows_)),
      column_coefficients_(coefficients(pitch_columns_)),
      mean_power_(power_of(row_coefficients_, pitch_rows_) *
                  power_of(column_coefficients_, pitch_columns_)) {}

ModeWindow Speckle::window(hal::Region region) const {
    assert(region.rows > 0 && region.columns > 0 && region.row >= 0 && region.column >= 0);
    ModeWindow w;
    // Tap 0 of the first pixel is mode floor(r / p) - margin + 1, grid mode floor(r / p) + 1.
    w.row = region.row / pitch_rows_ + 1;
    w.column = region.column / pitch_columns_ + 1;
    w.rows = (region.row + region.rows - 1) / pitch_rows_ + taps + 1 - w.row;
    w.columns = (region.column + region.columns - 1) / pitch_columns_ + taps + 1 - w.column;
    w.grid_rows = grid_rows_;
    w.grid_columns = grid_columns_;
    assert(w.row + w.rows <= grid_rows_ && w.column + w.columns <= grid_columns_);
    return w;
}

ModeWindow Speckle::centres(hal::Region region) const {
    const auto first = [](int pixel, int pitch) { return (pixel + pitch - 1) / pitch; };
    ModeWindow w;
    w.row = first(region.row, pitch_rows_) + margin;
    w.column = first(region.column, pitch_columns_) + margin;
    w.rows = first(region.row + region.rows, pitch_rows_) + margin - w.row;
    w.columns = first(region.column + region.columns, pitch_columns_) + margin - w.column;
    w.grid_rows = grid_rows_;
    w.grid_columns = grid_columns_;
    return w;
}

void Speckle::expand_columns(std::span<const std::int16_t> modes, const ModeWindow& window,
                             hal::Region region, std::span<std::int16_t> into,
                             std::vector<std::int16_t>& phases) const {
    assert(modes.size() == 2 * window.modes());
    // All pixels of one phase (column % pitch) share their coefficients and lie one mode apart: a
    // weighted sum of 12 shifted copies of it. Position 0 is mode floor(region.column / pitch).
    const auto positions = static_cast<std::size_t>(window.columns - taps + 1);
    const auto pitch = static_cast<std::size_t>(pitch_columns_);
    const std::size_t row_values = 2 * static_cast<std::size_t>(region.columns);
    const auto skipped = 2 * static_cast<std::size_t>(region.column % pitch_columns_);
    const Weighting how = {column_coefficients_.data(), pitch, 2 * positions, 2 * positions};
    assert(into.size() == static_cast<std::size_t>(window.rows) * row_values);
    phases.resize(2 * pitch * how.count);
    std::int16_t* const pixels = phases.data() + pitch * how.count;
    for (int i = 0; i < window.rows; ++i) {
        const std::int16_t* from =
            modes.data() + 2 * static_cast<std::ptrdiff_t>(i) * window.columns;
        TapRows shifted{};
        for (std::size_t t = 0; t < speckle_taps; ++t) shifted[t] = from + 2 * t;
        weigh_rows(shifted, how, phases.data());
        interleave(phases.data(), pitch, positions, pixels);
        std::copy_n(pixels + skipped, row_values,
                    into.data() + static_cast<std::size_t>(i) * row_values);
    }
}

void Speckle::expand_rows(std::span<const std::int16_t> columns, const ModeWindow& window,
                          hal::Region region, int row, int rows,
                          std::span<std::int16_t> into) const {
    const auto row_values = 2 * static_cast<std::size_t>(region.columns);
    assert(into.size() == static_cast<std::size_t>(rows) * row_values);
    for (int done = 0; done < rows;) {
        // Rows between two modes share the 12 mode rows they are weighed from.
        const int sensor_row = region.row + row + done;
        const int phase = sensor_row % pitch_rows_;
        const int together = std::min(rows - done, pitch_rows_ - phase);
        const int first = sensor_row / pitch_rows_ + 1 - window.row;
        TapRows from{};
        for (int t = 0; t < taps; ++t) {
            from[static_cast<std::size_t>(t)] =
                columns.data() + static_cast<std::size_t>(first + t) * row_values;
        }
        weigh_rows(from,
                   {row_coefficients_.data() + phase * taps, static_cast<std::size_t>(together),
                    row_values, row_values},
                   into.data() + static_cast<std::size_t>(done) * row_values);
        done += together;
    }
}

}  // namespace opal::sim
