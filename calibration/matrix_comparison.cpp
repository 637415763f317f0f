// MatrixComparison: see matrix_comparison.h.
#include "calibration/matrix_comparison.h"

#include "calibration/matrix_uncertainty.h"
#include "calibration/session.h"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace opal::calibration {

namespace {

using Complex = std::complex<double>;
constexpr int surface_terms = 4;  // one, rows, columns, distance squared
using Surface = Eigen::Matrix<double, surface_terms, 1>;

// The surface's terms at a mode, pixels from the region's centre.
Surface terms_at(const Holography& h, int row, int column) {
    const double r = row * h.pitch_rows_px - 0.5 * (h.region.rows - 1);
    const double c = column * h.pitch_columns_px - 0.5 * (h.region.columns - 1);
    return {1, r, c, r * r + c * c};
}

template <class Visit>
void for_each_mode(const Holography& h, const Visit& visit) {
    std::size_t m = 0;
    for (int row = 0; row < h.mode_rows; ++row)
        for (int column = 0; column < h.mode_columns; ++column, ++m)
            visit(m, terms_at(h, row, column));
}

// Mean phase step from a mode to its neighbour, rows and columns: it needs no unwrapping.
std::array<double, 2> steps(const Holography& h, const std::vector<Complex>& product) {
    Complex down = 0;
    Complex across = 0;
    const auto columns = static_cast<std::size_t>(h.mode_columns);
    const auto rows = static_cast<std::size_t>(h.mode_rows);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) {
            const Complex here = std::conj(product[r * columns + c]);
            if (r + 1 < rows) down += here * product[(r + 1) * columns + c];
            if (c + 1 < columns) across += here * product[r * columns + c + 1];
        }
    return {std::arg(down), std::arg(across)};
}

// phi: the phase surface that lays T1 over T2. product: conj(T1) T2 summed over the inputs.
Surface fit_surface(const Holography& h, const std::vector<Complex>& product) {
    const auto [down, across] = steps(h, product);
    Surface surface(0, down / h.pitch_rows_px, across / h.pitch_columns_px, 0);
    constexpr int rounds = 8;
    for (int round = 0; round < rounds; ++round) {
        Complex common = 0;
        for_each_mode(h, [&](std::size_t m, const Surface& at) {
            common += product[m] * std::polar(1.0, -surface.dot(at));
        });
        surface(0) += std::arg(common);
        Eigen::Matrix<double, surface_terms, surface_terms> normal;
        normal.setZero();
        Surface right = Surface::Zero();
        for_each_mode(h, [&](std::size_t m, const Surface& at) {
            const double weight = std::abs(product[m]);
            normal += weight * at * at.transpose();
            right += weight * std::arg(product[m] * std::polar(1.0, -surface.dot(at))) * at;
        });
        surface += normal.completeOrthogonalDecomposition().solve(right);
    }
    return surface;
}

// Of a function of the modes that a common factor is free in: its mean square about its mean.
class Spread {
public:
    void add(double value) {
        sum_ += value;
        squares_ += value * value;
        ++count_;
    }
    double variance() const {
        const double mean = sum_ / count_;
        return std::max(squares_ / count_ - mean * mean, 0.0);
    }

private:
    double sum_ = 0;
    double squares_ = 0;
    double count_ = 0;
};

// Mean square of the phase surface that a record's carrier and curvature may be off by.
double surface_variance(const Record& r) {
    if (!r.carrier) return 0;
    const PhaseUncertainty u = phase_uncertainty(*r.carrier, r.holography);
    Spread rows;
    Spread columns;
    Spread bend;
    for_each_mode(r.holography, [&](std::size_t, const Surface& at) {
        rows.add(at(1));
        columns.add(at(2));
        bend.add(at(3));
    });
    return u.rows_rad_per_px * u.rows_rad_per_px * rows.variance() +
           u.columns_rad_per_px * u.columns_rad_per_px * columns.variance() +
           u.bend_rad_per_px2 * u.bend_rad_per_px2 * bend.variance();
}

// Whether mode m of one lies where mode m of the other does.
bool same_places(const Holography& a, const Holography& b) {
    return a.mode_rows == b.mode_rows && a.mode_columns == b.mode_columns && a.region == b.region &&
           a.pitch_rows_px == b.pitch_rows_px && a.pitch_columns_px == b.pitch_columns_px;
}

}  // namespace

std::optional<MatrixComparison> compare_matrices(const Record& before, const Record& after) {
    const auto& a = before.matrix;
    const auto& b = after.matrix;
    const Holography& h = before.holography;
    const std::size_t modes = h.modes();
    if (!a || !b || a->inputs != b->inputs || a->entries.size() != b->entries.size() ||
        modes == 0 || a->entries.empty() || before.layout != after.layout ||
        !same_places(h, after.holography))
        return std::nullopt;
    const auto inputs = static_cast<std::size_t>(a->inputs);
    std::vector<Complex> product(modes, 0);
    for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t m = 0; m < modes; ++m)
            product[m] += Complex(std::conj(a->entries[i * modes + m]) * b->entries[i * modes + m]);
    const Surface surface = fit_surface(h, product);
    Complex flat = 0;
    Complex plain = 0;
    Spread found_surface;
    for_each_mode(h, [&](std::size_t m, const Surface& at) {
        plain += product[m];
        flat += product[m] * std::polar(1.0, -surface.dot(at));
        found_surface.add(surface.dot(at));
    });
    const double power_a = power(a->entries);
    const double power_b = power(b->entries);
    const double both = std::sqrt(std::max(power_a * power_b, 1e-300));
    MatrixComparison found;
    found.correlation = std::abs(plain) / both;
    found.flat_correlation = std::abs(flat) / both;
    found.surface_rad = std::sqrt(found_surface.variance());
    const double surface2 = surface_variance(before) + surface_variance(after);
    found.surface_sigma_rad = std::sqrt(surface2);
    found.flat_expected = 1 / std::sqrt((1 + 1 / std::max(a->entry_snr, 1e-9)) *
                                        (1 + 1 / std::max(b->entry_snr, 1e-9)));
    // The mean of exp(i phi) over normal phases.
    found.expected = found.flat_expected * std::exp(-0.5 * surface2);

    // T2 over T1 by one complex factor: |T2 - s T1|^2 against the variances of both.
    const double s2 = std::norm(flat) / std::max(power_a * power_a, 1e-300);
    const double rest = power_b - std::norm(flat) / std::max(power_a, 1e-300);
    const double noise =
        static_cast<double>(a->entries.size()) * (s2 * a->entry_variance() + b->entry_variance());
    found.rest_over_noise = std::max(rest, 0.0) / std::max(noise, 1e-300);

    const auto first = std::span<const std::complex<float>>(a->entries);
    const auto second = std::span<const std::complex<float>>(b->entries);
    found.worst_input = 2;
    for (std::size_t i = 0; i < inputs; ++i) {
        const auto x = first.subspan(i * modes, modes);
        const auto y = second.subspan(i * modes, modes);
        const double one = std::abs(inner(x, y)) / std::sqrt(std::max(power(x) * power(y), 1e-300));
        if (one >= found.worst_input) continue;
        found.worst_input = one;
        found.worst_index = i;
    }
    return found;
}

}  // namespace opal::calibration
