// The plain demodulator: the formula of demodulator.h as it stands, in double precision, pixel by
// pixel. Slow on purpose; it is what the fast path is compared with.
#include "calibration/demodulator.h"
#include "calibration/low_pass.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace opal::calibration {

std::vector<std::complex<double>> demodulate_plain(const Holography& h, const hal::Frame& frame) {
    if (frame.region.rows != h.region.rows || frame.region.columns != h.region.columns ||
        frame.format != h.format || h.reference_dn.size() != h.region.pixels())
        throw std::invalid_argument("plain demodulator: frame and holography differ in shape");
    const double middle_row = 0.5 * (h.region.rows - 1);
    const double middle_column = 0.5 * (h.region.columns - 1);
    std::vector<std::complex<double>> field(h.modes());
    for (int i = 0; i < h.mode_rows; ++i) {
        const LowPass down = design_low_pass(i * h.pitch_rows_px, h.region.rows, h.pitch_rows_px,
                                             h.carrier_rows_cpp);
        for (int j = 0; j < h.mode_columns; ++j) {
            const LowPass along = design_low_pass(j * h.pitch_columns_px, h.region.columns,
                                                  h.pitch_columns_px, h.carrier_columns_cpp);
            std::complex<double> sum = 0;
            for (std::size_t a = 0; a < down.taps.size(); ++a) {
                for (std::size_t b = 0; b < along.taps.size(); ++b) {
                    const int row = down.first_px + static_cast<int>(a);
                    const int column = along.first_px + static_cast<int>(b);
                    const double reference = static_cast<double>(
                        h.reference_dn[static_cast<std::size_t>(row) *
                                           static_cast<std::size_t>(h.region.columns) +
                                       static_cast<std::size_t>(column)]);
                    if (reference <= 0) continue;
                    const double phase =
                        2 * std::numbers::pi *
                            (h.carrier_rows_cpp * row + h.carrier_columns_cpp * column) +
                        h.curvature_rad_per_px2 *
                            ((row - middle_row) * (row - middle_row) +
                             (column - middle_column) * (column - middle_column));
                    const double light = frame.count_at(row, column) - h.black_level_dn - reference;
                    sum += down.taps[a] * along.taps[b] * std::polar(1.0, phase) * light /
                           std::sqrt(reference);
                }
            }
            field[static_cast<std::size_t>(i) * static_cast<std::size_t>(h.mode_columns) +
                  static_cast<std::size_t>(j)] = sum;
        }
    }
    return field;
}

}  // namespace opal::calibration
