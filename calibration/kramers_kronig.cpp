// KramersKronig: see kramers_kronig.h.
#include "calibration/kramers_kronig.h"

#include "calibration/interferogram.h"

#include <fmt/format.h>
#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace opal::calibration {

namespace {

using Complex = std::complex<double>;
using Grid = std::vector<Complex>;

constexpr double darkest = 0.0025;  // I / |R|^2 below it is taken for it: |s| < 1 leaves no zero

struct Size {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t all() const { return rows * columns; }
};

// Room for the slow tails of the one-sided filter: what leaves one edge must not enter the other.
Size padded(const Holography& h) {
    const auto side = [](int px) {
        return static_cast<std::size_t>(std::bit_ceil(static_cast<unsigned>(px + px / 2)));
    };
    return {side(h.region.rows), side(h.region.columns)};
}

// I / |R|^2 on the padded grid, 1 beyond the region, which begins at (0, 0).
std::vector<double> normalised(const Holography& h, std::span<const float> counts, Size size) {
    std::vector<double> light(size.all(), 1.0);
    const auto columns = static_cast<std::size_t>(h.region.columns);
    for (std::size_t r = 0; r < counts.size(); ++r) {
        const auto reference = static_cast<double>(h.reference_dn[r]);
        if (reference > 0)
            light[r / columns * size.columns + r % columns] =
                (static_cast<double>(counts[r]) - h.black_level_dn) / reference;
    }
    return light;
}

// Bin of a grid twice as fine that bin f of n becomes; the highest one is split between two.
std::size_t finer_bin(std::size_t f, std::size_t n) {
    return f < n / 2 ? f : f + n;
}

// 2 on the side of the line k.f = 0 where S / R lies, 0 on the other, 1 on the line.
double one_sided(const Holography& h, double f_rows, double f_columns) {
    const double along = f_rows * h.carrier_rows_cpp + f_columns * h.carrier_columns_cpp;
    return along < -1e-12 ? 2 : along > 1e-12 ? 0 : 1;
}

double signed_frequency(std::size_t bin, std::size_t n) {
    return (bin <= n / 2 ? static_cast<double>(bin)
                         : static_cast<double>(bin) - static_cast<double>(n)) /
           static_cast<double>(n);
}

// What belongs to the signal at a distance from its band's centre: flat over the pupil, gone where
// speckle of a real aperture is (sim/physics/speckle.h and others end near there).
double pupil(double offset_cpp, int pitch_px) {
    constexpr double flat = 0.5;   // cycles per mode
    constexpr double gone = 0.65;  // cycles per mode
    const double x = std::abs(offset_cpp - std::round(offset_cpp)) * pitch_px;
    if (x <= flat) return 1;
    if (x >= gone) return 0;
    return 0.5 + 0.5 * std::cos(std::numbers::pi * (x - flat) / (gone - flat));
}

double log_amplitude(double light) {
    return 0.5 * std::log(std::max(light, darkest));
}

class Fourier {
public:
    // In place, rows then columns. inverse: with the factor 1 / n. holds(row): false where a row is
    // known to be zero.
    template <class Holds>
    void transform(Grid& grid, Size size, bool inverse, const Holds& holds) {
        line_.resize(std::max(size.rows, size.columns));
        out_.resize(line_.size());
        for (std::size_t i = 0; i < size.rows; ++i)
            if (holds(i)) pass(grid.data() + i * size.columns, 1, size.columns, inverse);
        for (std::size_t j = 0; j < size.columns; ++j)
            pass(grid.data() + j, size.columns, size.rows, inverse);
    }
    void transform(Grid& grid, Size size, bool inverse) {
        transform(grid, size, inverse, [](std::size_t) { return true; });
    }

private:
    void pass(Complex* first, std::size_t step, std::size_t n, bool inverse) {
        for (std::size_t i = 0; i < n; ++i) line_[i] = first[i * step];
        if (inverse)
            fft_.inv(out_.data(), line_.data(), static_cast<Eigen::Index>(n));
        else
            fft_.fwd(out_.data(), line_.data(), static_cast<Eigen::Index>(n));
        for (std::size_t i = 0; i < n; ++i) first[i * step] = out_[i];
    }
    Eigen::FFT<double> fft_;
    Grid line_;
    Grid out_;
};

// The spectrum of every rows-th and columns-th sample of what `spectrum` is the spectrum of: its
// copies lie on top of each other.
Grid folded(const Grid& spectrum, Size size, std::size_t rows, std::size_t columns) {
    const Size few{size.rows / rows, size.columns / columns};
    Grid sum(few.all());
    const double part = 1 / static_cast<double>(rows * columns);
    for (std::size_t i = 0; i < size.rows; ++i)
        for (std::size_t j = 0; j < size.columns; ++j)
            sum[i % few.rows * few.columns + j % few.columns] +=
                part * spectrum[i * size.columns + j];
    return sum;
}

}  // namespace

struct KramersKronig::Tables {
    Holography holography;
    Size coarse;
    std::vector<std::complex<float>> reference;  // R on pixels
    std::vector<double> low_pass;                // on the padded grid, about S / R
    int refine_rounds;

    // Values of pixels (rows, columns), low-passed, at mode centres and times R: s -> S.
    void to_modes(std::span<const Complex> pixels, std::span<std::complex<float>> field,
                  bool add) const {
        const Holography& h = holography;
        const auto columns = static_cast<std::size_t>(h.region.columns);
        Grid grid(coarse.all());
        for (std::size_t r = 0; r < pixels.size(); ++r)
            grid[r / columns * coarse.columns + r % columns] = pixels[r];
        Fourier fourier;
        const auto region_rows = static_cast<std::size_t>(h.region.rows);
        fourier.transform(grid, coarse, false, [&](std::size_t row) { return row < region_rows; });
        for (std::size_t f = 0; f < grid.size(); ++f) grid[f] *= low_pass[f];
        // Only mode centres are wanted, if the padded grid is so kind.
        const auto step = [](std::size_t n, int pitch) {
            const auto p = static_cast<std::size_t>(pitch);
            return n % p == 0 ? p : std::size_t{1};
        };
        const std::size_t rows_at = step(coarse.rows, h.pitch_rows_px);
        const std::size_t columns_at = step(coarse.columns, h.pitch_columns_px);
        const Size few{coarse.rows / rows_at, coarse.columns / columns_at};
        Grid centres = folded(grid, coarse, rows_at, columns_at);
        fourier.transform(centres, few, true);
        std::size_t m = 0;
        for (int i = 0; i < h.mode_rows; ++i)
            for (int j = 0; j < h.mode_columns; ++j, ++m) {
                const auto row = static_cast<std::size_t>(i * h.pitch_rows_px);
                const auto column = static_cast<std::size_t>(j * h.pitch_columns_px);
                const auto value = std::complex<float>(
                                       centres[row / rows_at * few.columns + column / columns_at]) *
                                   reference[row * columns + column];
                field[m] = add ? field[m] + value : value;
            }
    }
};

KramersKronig::KramersKronig(const Holography& h, int refine_rounds) {
    if (h.reference_dn.size() != h.region.pixels() || h.region.pixels() == 0 ||
        h.pitch_rows_px < 1 || h.pitch_columns_px < 1 ||
        (h.mode_rows - 1) * h.pitch_rows_px >= h.region.rows ||
        (h.mode_columns - 1) * h.pitch_columns_px >= h.region.columns)
        throw std::invalid_argument(
            fmt::format("Kramers-Kronig demodulation: {} x {} modes at a pitch of {} x {} px and a "
                        "reference of {} pixels do not fit a region of {} x {} px",
                        h.mode_rows, h.mode_columns, h.pitch_rows_px, h.pitch_columns_px,
                        h.reference_dn.size(), h.region.rows, h.region.columns));
    Tables tables{h, padded(h), reference_on_pixels(h), {}, refine_rounds};
    for (std::size_t i = 0; i < tables.coarse.rows; ++i)
        for (std::size_t j = 0; j < tables.coarse.columns; ++j)
            tables.low_pass.push_back(
                pupil(signed_frequency(i, tables.coarse.rows) + h.carrier_rows_cpp,
                      h.pitch_rows_px) *
                pupil(signed_frequency(j, tables.coarse.columns) + h.carrier_columns_cpp,
                      h.pitch_columns_px));
    tables_ = std::make_unique<const Tables>(std::move(tables));
}

KramersKronig::~KramersKronig() = default;

std::size_t KramersKronig::modes() const {
    return tables_->holography.modes();
}

std::vector<Complex> KramersKronig::ratio(std::span<const float> counts) const {
    const Holography& h = tables_->holography;
    assert(counts.size() == h.region.pixels());
    const Size coarse = padded(h);
    const Size fine{2 * coarse.rows, 2 * coarse.columns};
    const std::vector<double> light = normalised(h, counts, coarse);
    Fourier fourier;
    Grid spectrum(light.begin(), light.end());
    fourier.transform(spectrum, coarse, false);
    Grid grid(fine.all());
    const auto shares = [](std::size_t f, std::size_t n) { return f == n / 2 ? 2 : 1; };
    for (std::size_t i = 0; i < coarse.rows; ++i)
        for (std::size_t j = 0; j < coarse.columns; ++j) {
            const int rows = shares(i, coarse.rows);
            const int columns = shares(j, coarse.columns);
            // Four times as many samples of the same function.
            const Complex value =
                spectrum[i * coarse.columns + j] * 4.0 / static_cast<double>(rows * columns);
            for (int a = 0; a < rows; ++a)
                for (int b = 0; b < columns; ++b) {
                    const std::size_t row = a == 0 ? finer_bin(i, coarse.rows) : i;
                    const std::size_t column = b == 0 ? finer_bin(j, coarse.columns) : j;
                    grid[row * fine.columns + column] = value;
                }
        }
    fourier.transform(grid, fine, true, [&](std::size_t row) {
        return row <= coarse.rows / 2 || row >= fine.rows - coarse.rows / 2;
    });
    for (Complex& g : grid) g = log_amplitude(g.real());
    fourier.transform(grid, fine, false);
    for (std::size_t i = 0; i < fine.rows; ++i)
        for (std::size_t j = 0; j < fine.columns; ++j)
            grid[i * fine.columns + j] *=
                one_sided(h, signed_frequency(i, fine.rows), signed_frequency(j, fine.columns));
    Grid at_pixels = folded(grid, fine, 2, 2);
    fourier.transform(at_pixels, coarse, true);
    std::vector<Complex> s;
    s.reserve(counts.size());
    for (std::size_t row = 0; row < static_cast<std::size_t>(h.region.rows); ++row)
        for (std::size_t column = 0; column < static_cast<std::size_t>(h.region.columns); ++column)
            s.push_back(std::exp(at_pixels[row * coarse.columns + column]) - 1.0);
    return s;
}

void KramersKronig::demodulate(std::span<const float> counts,
                               std::span<std::complex<float>> field) const {
    const Tables& t = *tables_;
    const Holography& h = t.holography;
    assert(field.size() == modes());
    std::vector<Complex> pixels = ratio(counts);
    t.to_modes(pixels, field, false);
    for (int round = 0; round < t.refine_rounds; ++round) {
        const auto signal = field_on_pixels(h, field);
        for (std::size_t r = 0; r < pixels.size(); ++r) {
            const float light = counts[r] - static_cast<float>(h.black_level_dn) -
                                std::norm(signal[r] + t.reference[r]);
            pixels[r] = h.reference_dn[r] > 0
                            ? Complex(static_cast<double>(light / h.reference_dn[r]))
                            : Complex(0);
        }
        t.to_modes(pixels, field, true);
    }
}

std::vector<float> KramersKronig::noise_power(std::span<const float> variance_dn2) const {
    const Tables& t = *tables_;
    const Holography& h = t.holography;
    assert(variance_dn2.size() == h.region.pixels());
    // Noise that the low-pass leaves a part `a` of is left 1 - (1 - a)^(rounds + 1) of at the end.
    double passed = 0;
    for (const double a : t.low_pass)
        passed += std::pow(1 - std::pow(1 - a, t.refine_rounds + 1), 2) /
                  static_cast<double>(t.low_pass.size());
    std::vector<float> result;
    result.reserve(modes());
    for (int i = 0; i < h.mode_rows; ++i)
        for (int j = 0; j < h.mode_columns; ++j) {
            // Over the pixels of one mode: noise comes from about that far.
            double sum = 0;
            int pixels = 0;
            for (int a = 0; a < h.pitch_rows_px; ++a)
                for (int b = 0; b < h.pitch_columns_px; ++b) {
                    const int row = std::min(i * h.pitch_rows_px + a, h.region.rows - 1);
                    const int column = std::min(j * h.pitch_columns_px + b, h.region.columns - 1);
                    const auto r =
                        static_cast<std::size_t>(row) * static_cast<std::size_t>(h.region.columns) +
                        static_cast<std::size_t>(column);
                    if (!(h.reference_dn[r] > 0)) continue;
                    sum += static_cast<double>(variance_dn2[r]) /
                           static_cast<double>(h.reference_dn[r]);
                    ++pixels;
                }
            result.push_back(static_cast<float>(passed * sum / std::max(pixels, 1)));
        }
    return result;
}

std::vector<Complex> kramers_kronig_plain(const Holography& h, std::span<const float> counts) {
    const Size coarse = padded(h);
    const Size fine{2 * coarse.rows, 2 * coarse.columns};
    const std::vector<double> light = normalised(h, counts, coarse);
    const auto turn = [](double x) { return std::polar(1.0, 2 * std::numbers::pi * x); };
    // One axis at a time, from (lines, n) to (lines, m): out(p) = sum over f of in(f) kernel(f, p).
    const auto along_rows = [](const Grid& in, Size from, std::size_t m, auto&& kernel) {
        Grid out(from.rows * m);
        for (std::size_t p = 0; p < m; ++p)
            for (std::size_t f = 0; f < from.columns; ++f) {
                const Complex k = kernel(f, p);
                for (std::size_t i = 0; i < from.rows; ++i)
                    out[i * m + p] += in[i * from.columns + f] * k;
            }
        return out;
    };
    const auto turned = [](const Grid& in, Size size) {
        Grid out(in.size());
        for (std::size_t i = 0; i < size.rows; ++i)
            for (std::size_t j = 0; j < size.columns; ++j)
                out[j * size.rows + i] = in[i * size.columns + j];
        return out;
    };
    const auto both = [&](const Grid& in, Size from, Size to, auto&& kernel) {
        const Grid half = along_rows(in, from, to.columns, [&](std::size_t f, std::size_t p) {
            return kernel(f, p, from.columns, to.columns);
        });
        const Grid standing = turned(half, {from.rows, to.columns});
        const Grid done = along_rows(
            standing, {to.columns, from.rows}, to.rows,
            [&](std::size_t f, std::size_t p) { return kernel(f, p, from.rows, to.rows); });
        return turned(done, {to.columns, to.rows});
    };
    // Periodic band-limited interpolation between samples, by its kernel (even n).
    const auto dirichlet = [](std::size_t f, std::size_t p, std::size_t n, std::size_t) {
        const double x = std::numbers::pi * (0.5 * static_cast<double>(p) - static_cast<double>(f));
        const auto count = static_cast<double>(n);
        const double bottom = std::tan(x / count);
        if (std::abs(std::sin(x / count)) < 1e-12) return Complex(1);
        return Complex(std::sin(x) / (count * bottom));
    };
    Grid grid = both(Grid(light.begin(), light.end()), coarse, fine, dirichlet);
    for (Complex& g : grid) g = log_amplitude(g.real());
    const auto forward = [&](std::size_t f, std::size_t p, std::size_t n, std::size_t) {
        return turn(-static_cast<double>(f * p % n) / static_cast<double>(n));
    };
    const auto backward = [&](std::size_t f, std::size_t p, std::size_t n, std::size_t) {
        return turn(static_cast<double>(f * p % n) / static_cast<double>(n)) /
               static_cast<double>(n);
    };
    grid = both(grid, fine, fine, forward);
    for (std::size_t i = 0; i < fine.rows; ++i)
        for (std::size_t j = 0; j < fine.columns; ++j)
            grid[i * fine.columns + j] *=
                one_sided(h, signed_frequency(i, fine.rows), signed_frequency(j, fine.columns));
    grid = both(grid, fine, fine, backward);
    std::vector<Complex> s;
    for (int row = 0; row < h.region.rows; ++row)
        for (int column = 0; column < h.region.columns; ++column)
            s.push_back(std::exp(grid[2 * static_cast<std::size_t>(row) * fine.columns +
                                      2 * static_cast<std::size_t>(column)]) -
                        1.0);
    return s;
}

}  // namespace opal::calibration
