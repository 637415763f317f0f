// Finding the side band in an averaged spectrum. First roughly, as the blob of power away from the
// centre; then to a small fraction of a bin, as the centre of symmetry of its profiles.
//
// The profile down the rows is the mean over the band's columns of power minus background; phi =
// ln(1 + profile / level) turns its steep flanks into straight ones and forgets what lies below
// `level`. With F the discrete Fourier transform of phi, the symmetric part about k is largest
// where  Re sum_t F(t)^2 exp(2 pi i 2k t)  is: the peak of phi convolved with itself, found between
// samples by Newton's method. In simulations it comes within 20 % of the Cramer-Rao bound.
#include "calibration/spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace opal::calibration {

namespace {

constexpr double pi = std::numbers::pi;

int wrap(int i, int n) {
    return (i % n + n) % n;
}

double wrap_cpp(double f) {
    return f - std::round(f);
}

class Grid {
public:
    Grid(std::span<const double> power, int size) : power_(power), n(size) {}
    double at(int i, int j) const {
        return power_[static_cast<std::size_t>(wrap(i, n)) * static_cast<std::size_t>(n) +
                      static_cast<std::size_t>(wrap(j, n))];
    }

private:
    std::span<const double> power_;

public:
    int n;
};

// Running mean over (2 half + 1)^2 bins, wrapped.
std::vector<double> smooth(const Grid& grid, int half) {
    const int n = grid.n;
    const auto size = static_cast<std::size_t>(n);
    std::vector<double> rows(size * size);
    std::vector<double> both(size * size);
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            double sum = 0;
            for (int d = -half; d <= half; ++d) sum += grid.at(i, j + d);
            rows[static_cast<std::size_t>(i) * size + static_cast<std::size_t>(j)] = sum;
        }
    const Grid half_done(rows, n);
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            double sum = 0;
            for (int d = -half; d <= half; ++d) sum += half_done.at(i + d, j);
            both[static_cast<std::size_t>(i) * size + static_cast<std::size_t>(j)] =
                sum / ((2 * half + 1) * (2 * half + 1));
        }
    return both;
}

struct Blob {
    double row = 0;  // bins, may exceed n: unwrapped about the start
    double column = 0;
    int rows = 0;
    int columns = 0;
};

// Everything connected to the strongest bin above half of its power.
Blob grow(const std::vector<double>& power, int n, double threshold, int start_row,
          int start_column) {
    struct Place {
        int row, column;
    };
    const auto index = [n](int i, int j) {
        return static_cast<std::size_t>(wrap(i, n)) * static_cast<std::size_t>(n) +
               static_cast<std::size_t>(wrap(j, n));
    };
    std::vector<char> seen(power.size(), 0);
    std::vector<Place> todo{{start_row, start_column}};
    seen[index(start_row, start_column)] = 1;
    std::vector<int> per_row(static_cast<std::size_t>(3 * n), 0);
    std::vector<int> per_column(static_cast<std::size_t>(3 * n), 0);
    double sum_row = 0;
    double sum_column = 0;
    std::size_t count = 0;
    while (!todo.empty()) {
        const Place p = todo.back();
        todo.pop_back();
        sum_row += p.row;
        sum_column += p.column;
        ++count;
        ++per_row[static_cast<std::size_t>(std::clamp(p.row + n, 0, 3 * n - 1))];
        ++per_column[static_cast<std::size_t>(std::clamp(p.column + n, 0, 3 * n - 1))];
        for (const Place next : {Place{p.row + 1, p.column}, Place{p.row - 1, p.column},
                                 Place{p.row, p.column + 1}, Place{p.row, p.column - 1}}) {
            if (std::abs(next.row - start_row) > n / 2 ||
                std::abs(next.column - start_column) > n / 2)
                continue;
            char& s = seen[index(next.row, next.column)];
            if (s != 0 || power[index(next.row, next.column)] < threshold) continue;
            s = 1;
            todo.push_back(next);
        }
    }
    // Rows and columns that hold at least half of the fullest one: thin bridges do not count.
    const auto extent = [](const std::vector<int>& counts) {
        const int most = *std::max_element(counts.begin(), counts.end());
        return static_cast<int>(
            std::count_if(counts.begin(), counts.end(), [&](int c) { return 2 * c >= most; }));
    };
    const auto total = static_cast<double>(count);
    return {sum_row / total, sum_column / total, extent(per_row), extent(per_column)};
}

struct Profile {
    std::vector<double> power;  // background removed
    double plateau = 0;
    double level = 0;
};

// Along one axis: the mean over the band's bins of the other axis. `mirror`: the same with the
// other axis' sign turned, where only |S|^2 and noise are; used on the side towards zero
// frequency.
Profile profile(const Grid& grid, bool rows, double centre, double across, double width,
                double width_across) {
    const int n = grid.n;
    const int half_across = std::max(1, static_cast<int>(0.35 * width_across));
    const int middle = static_cast<int>(std::lround(across));
    const auto mean = [&](int f, int other) {
        double sum = 0;
        for (int d = -half_across; d <= half_across; ++d)
            sum += rows ? grid.at(f, other + d) : grid.at(other + d, f);
        return sum / (2 * half_across + 1);
    };
    // The mirror lies at the twin itself when the band sits on an axis: then nothing is known
    // there.
    const double apart = std::abs(wrap_cpp(2 * across / n)) * n;
    const bool mirror = apart > 1.4 * width_across;
    Profile result;
    result.power.resize(static_cast<std::size_t>(n));
    std::vector<double> outside;
    for (int f = 0; f < n; ++f) {
        const double from_band = std::abs(wrap_cpp((f - centre) / n)) * n;
        const double from_twin = std::abs(wrap_cpp((f + centre) / n)) * n;
        double& p = result.power[static_cast<std::size_t>(f)];
        p = mean(f, middle);
        if (from_band > 0.8 * width && (mirror || from_twin > 0.8 * width)) outside.push_back(p);
    }
    std::sort(outside.begin(), outside.end());
    const double floor = outside.empty() ? 0 : outside[outside.size() / 2];
    double plateau = 0;
    int inside = 0;
    double spread = 0;  // of what was subtracted, near the band
    for (int f = 0; f < n; ++f) {
        const double offset = wrap_cpp((f - centre) / n) * n;
        const double from_twin = std::abs(wrap_cpp((f + centre) / n)) * n;
        double& p = result.power[static_cast<std::size_t>(f)];
        if (std::abs(offset) < 0.35 * width) {
            plateau += p;
            ++inside;
        }
        double background = floor;
        if (mirror && from_twin > 0.9 * width) background = mean(f, -middle);
        if (std::abs(offset) < 0.9 * width) spread = std::max(spread, background);
        p = std::abs(offset) > 0.9 * width ? 0 : std::max(p - background, 0.0);
    }
    result.plateau = plateau / std::max(inside, 1);
    result.level = std::max({0.5 * spread, floor, 1e-4 * result.plateau});
    return result;
}

double centre_of_symmetry(const Profile& p, double start) {
    const auto n = static_cast<int>(p.power.size());
    std::vector<double> phi(p.power.size());
    for (std::size_t f = 0; f < phi.size(); ++f) phi[f] = std::log1p(p.power[f] / p.level);
    std::vector<std::complex<double>> squared(static_cast<std::size_t>(n / 2));
    for (int t = 1; t < n / 2; ++t) {
        std::complex<double> sum = 0;
        for (int f = 0; f < n; ++f)
            sum += phi[static_cast<std::size_t>(f)] *
                   std::polar(1.0, -2 * pi * static_cast<double>(std::int64_t{f} * t % n) / n);
        squared[static_cast<std::size_t>(t)] = sum * sum;
    }
    double twice = 2 * start;  // bins
    for (int step = 0; step < 50; ++step) {
        double gradient = 0;
        double bend = 0;
        for (int t = 1; t < n / 2; ++t) {
            const double w = 2 * pi * t / n;
            const std::complex<double> e =
                squared[static_cast<std::size_t>(t)] * std::polar(1.0, w * twice);
            gradient -= w * e.imag();
            bend -= w * w * e.real();
        }
        if (!(bend < 0)) break;
        const double move = std::clamp(-gradient / bend, -2.0, 2.0);
        twice += move;
        if (std::abs(move) < 1e-9) break;
    }
    return twice / 2;
}

// Full width where the amplitude has fallen to half: for a Nyquist filter exactly 1 / pitch.
double full_width(const Profile& p, double centre) {
    const auto n = static_cast<int>(p.power.size());
    const double edge = 0.25 * p.plateau;
    const auto at = [&](int f) { return p.power[static_cast<std::size_t>(wrap(f, n))]; };
    const auto walk = [&](int direction) {
        int f = static_cast<int>(std::lround(centre));
        for (int steps = 0; steps < n / 2; ++steps, f += direction)
            if (at(f + direction) < edge)
                return std::abs(f - centre) + (at(f) - edge) / (at(f) - at(f + direction));
        return 0.5 * n;
    };
    return walk(1) + walk(-1);
}

}  // namespace

SideBand find_side_band(std::span<const double> power, int size) {
    assert(power.size() == static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    const Grid grid(power, size);
    const std::vector<double> rough = smooth(grid, std::max(1, size / 64));
    std::vector<double> sorted = rough;
    std::nth_element(sorted.begin(),
                     sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 4), sorted.end());
    const double low = sorted[sorted.size() / 4];
    // The strongest place in the upper half plane, away from what does not interfere.
    const int guard = size / 16;
    double peak = 0;
    int row = 0;
    int column = 0;
    for (int i = 0; i <= size / 2; ++i)
        for (int j = -size / 2; j < size / 2; ++j) {
            if (i < guard && std::abs(j) < guard) continue;
            const double p = rough[static_cast<std::size_t>(i) * static_cast<std::size_t>(size) +
                                   static_cast<std::size_t>(wrap(j, size))];
            if (p > peak) {
                peak = p;
                row = i;
                column = j;
            }
        }
    if (!(peak > 4 * low))
        throw std::runtime_error(fmt::format(
            "no side band: the strongest fringes are {:.1f} times the background, at least 4 are "
            "needed; the reference beam may be blocked, parallel to the signal, or not coherent "
            "with it",
            low > 0 ? peak / low : 0.0));
    const Blob blob = grow(rough, size, 0.5 * peak, row, column);

    const Profile down = profile(grid, true, blob.row, blob.column, blob.rows, blob.columns);
    const Profile along = profile(grid, false, blob.column, blob.row, blob.columns, blob.rows);
    const double centre_row = centre_of_symmetry(down, blob.row);
    const double centre_column = centre_of_symmetry(along, blob.column);
    SideBand band;
    band.carrier_rows_cpp = wrap_cpp(centre_row / size);
    band.carrier_columns_cpp = wrap_cpp(centre_column / size);
    if (band.carrier_rows_cpp < 0 ||
        (band.carrier_rows_cpp * size < 0.5 && band.carrier_columns_cpp < 0)) {
        band.carrier_rows_cpp = -band.carrier_rows_cpp;
        band.carrier_columns_cpp = -band.carrier_columns_cpp;
    }
    band.width_rows_cpp = full_width(down, centre_row) / size;
    band.width_columns_cpp = full_width(along, centre_column) / size;
    band.peak_to_floor = down.plateau / std::max(low, 1e-300);
    return band;
}

}  // namespace opal::calibration
