// IntensityComparison: see intensity_comparison.h.
#include "calibration/intensity_comparison.h"

#include "calibration/matrix_uncertainty.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace opal::calibration {

namespace {

using Complex = std::complex<double>;

void require_same(const Record& r, const IntensityMatrix& i) {
    const auto refuse = [](const std::string& why) { throw std::invalid_argument(why); };
    if (!r.matrix || !r.photon_transfer) refuse("the record has no transmission matrix");
    if (r.bench_identity != i.bench_identity)
        refuse(fmt::format("made on different benches: {} [{}] and {} [{}]", r.bench_name,
                           r.bench_identity, i.bench_name, i.bench_identity));
    if (r.layout != i.layout || r.inputs != i.inputs)
        refuse(fmt::format("{} inputs with a reference and {} without are not the same ones",
                           r.inputs, i.inputs));
    const Holography& h = r.holography;
    if (!(h.region == i.region) || h.pitch_rows_px != i.pitch_rows_px ||
        h.pitch_columns_px != i.pitch_columns_px || h.mode_rows != i.mode_rows ||
        h.mode_columns != i.mode_columns)
        refuse(fmt::format(
            "the record's modes lie {0} x {1} px apart in {2} x {3} px at ({4}, {5}), those of "
            "the intensities {6} x {7} px in {8} x {9} px at ({10}, {11}); opal tm intensities "
            "--region {2}x{3} --pitch {0}x{1} measures the same",
            h.pitch_rows_px, h.pitch_columns_px, h.region.rows, h.region.columns, h.region.row,
            h.region.column, i.pitch_rows_px, i.pitch_columns_px, i.region.rows, i.region.columns,
            i.region.row, i.region.column));
}

}  // namespace

IntensityComparison compare(const Record& record, const IntensityMatrix& intensities) {
    require_same(record, intensities);
    const auto inputs = static_cast<std::size_t>(record.inputs);
    const std::size_t modes = record.holography.modes();
    const auto& entries = record.matrix->entries;
    const std::vector<float> sigma = entry_sigma(record);
    double cross = 0;
    double bb = 0;
    double ii = 0;
    double predicted_noise = 0;
    double intensity_noise = 0;
    std::vector<double> one_cross(inputs, 0);
    std::vector<double> one_bb(inputs, 0);
    std::vector<double> one_ii(inputs, 0);
    IntensityComparison found;
    const int rim = IntensityComparison::rim_modes;
    const Holography& h = record.holography;
    for (int row = rim; row < h.mode_rows - rim; ++row)
        for (int column = rim; column < h.mode_columns - rim; ++column) {
            const auto m = static_cast<std::size_t>(row * h.mode_columns + column);
            Complex all = 2.0 * Complex(record.identity.background[m]);
            for (std::size_t i = 0; i < inputs; ++i) all += Complex(entries[i * modes + m]);
            double all_variance = 0;
            for (std::size_t i = 0; i < inputs; ++i)
                all_variance += std::pow(static_cast<double>(sigma[i * modes + m]), 2);
            for (std::size_t i = 0; i < inputs; ++i) {
                const std::size_t at = i * modes + m;
                const double expected = (std::conj(all) * Complex(entries[at])).real();
                const double seen = static_cast<double>(intensities.entries[at]);
                cross += expected * seen;
                bb += expected * expected;
                ii += seen * seen;
                one_cross[i] += expected * seen;
                one_bb[i] += expected * expected;
                one_ii[i] += seen * seen;
                // The real part of a product has half of the variance of either factor's error.
                predicted_noise +=
                    0.5 * (std::norm(all) * std::pow(static_cast<double>(sigma[at]), 2) +
                           std::norm(Complex(entries[at])) * all_variance);
                intensity_noise += std::pow(static_cast<double>(intensities.sigma[m]), 2);
            }
            ++found.modes;
        }
    if (found.modes == 0) throw std::invalid_argument("the region has no modes away from its edge");
    const auto similarity = [](double ab, double aa, double b2) {
        return ab / std::sqrt(std::max(aa * b2, 1e-300));
    };
    found.correlation = similarity(cross, bb, ii);
    found.factor = cross / std::max(bb, 1e-300);
    found.expected = 1 / std::sqrt((1 + predicted_noise / std::max(bb, 1e-300)) *
                                   (1 + intensity_noise / std::max(ii, 1e-300)));
    found.worst_input = 2;
    for (std::size_t i = 0; i < inputs; ++i) {
        const double one = similarity(one_cross[i], one_bb[i], one_ii[i]);
        if (one >= found.worst_input) continue;
        found.worst_input = one;
        found.worst_index = i;
    }
    return found;
}

}  // namespace opal::calibration
