// What a random medium must look like, asked of both media with the same numbers: Gaussian entries,
// uncorrelated rows and columns, the singular values of a random matrix, speckle of contrast 1. And
// where `layered` differs: it is a cut-out of a unitary matrix.
#include "sim/physics/dense_medium.h"
#include "sim/physics/layered_medium.h"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

using namespace opal::sim;

namespace {

using Matrix = Eigen::MatrixXcd;

// A transmission matrix (modes, channels) with E|T|^2 = 1, column by column through add_field().
Matrix matrix_of(const Medium& medium, std::size_t channels, const ModeWindow& window,
                 std::size_t columns, std::size_t stride = 1) {
    Matrix t(static_cast<Eigen::Index>(window.modes()), static_cast<Eigen::Index>(columns));
    MediumScratch scratch;
    std::vector<std::int32_t> q12(channels, 0);
    std::vector<std::int64_t> field(2 * window.modes());
    const double unit = 1 / std::sqrt(medium.entry_power());
    for (std::size_t i = 0; i < columns; ++i) {
        q12[i * stride] = 1;
        std::fill(field.begin(), field.end(), 0);
        medium.add_field(q12, window, 0, field, scratch);
        q12[i * stride] = 0;
        for (std::size_t k = 0; k < window.modes(); ++k) {
            t(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)) = {
                unit * static_cast<double>(field[2 * k]),
                unit * static_cast<double>(field[2 * k + 1])};
        }
    }
    return t;
}

struct Candidate {
    std::string name;
    std::unique_ptr<Medium> medium;
    double size;  // n of the unitary matrix it is cut from; dense: infinite
};

// A grid of 128 x 128 modes: the layered one has n = 16384.
constexpr int grid = 128;
std::vector<Candidate> candidates(int channels) {
    std::vector<Candidate> all;
    for (const MediumKind kind : {MediumKind::dense, MediumKind::layered}) {
        MediumScene scene;
        scene.kind = kind;
        const bool layered = kind == MediumKind::layered;
        all.push_back({layered ? "layered" : "dense", make_medium(scene, 77, channels, grid, grid),
                       layered ? double(grid) * grid : 1e300});
    }
    return all;
}

// A window of 16 x 32 modes in the middle of the grid, 512 of them.
constexpr ModeWindow part = {40, 50, 16, 32, grid, grid};

double mean_of_squares(const Matrix& m) {
    return m.squaredNorm() / static_cast<double>(m.size());
}

}  // namespace

TEST_CASE("entries of both media are circular complex Gaussian") {
    for (const Candidate& c : candidates(256)) {
        CAPTURE(c.name);
        const Matrix t = matrix_of(*c.medium, 256, part, 64, 4);
        const double count = 512 * 64;
        double fourth = 0;
        double sixth = 0;
        std::complex<double> square = 0;
        std::vector<double> parts;
        for (const std::complex<double>& x : t.reshaped()) {
            fourth += std::pow(std::norm(x), 2) / count;
            sixth += std::pow(std::norm(x), 3) / count;
            square += x * x / count;
            parts.push_back(x.real() * std::sqrt(2.0));
            parts.push_back(x.imag() * std::sqrt(2.0));
        }
        // |x|^2 is exponential: its moments are 1, 2, 6, 24 and 720, so standard errors are 1,
        // sqrt(24 - 4) and sqrt(720 - 36) over sqrt(32768) = 181. Four of them. The table of the
        // dense medium has kurtosis 2.92: its fourth moment is 1.960 and its sixth lower by 6 %.
        CHECK(std::abs(mean_of_squares(t) - 1) < 4 / 181.0);
        CHECK(std::abs(fourth - 2) < 0.04 + 4 * 4.47 / 181.0);
        CHECK(std::abs(sixth - 6) < 0.36 + 4 * 26.2 / 181.0);
        CHECK(std::abs(square) < 4 / 181.0);
        // Kolmogorov's distance to the law is above 1.95 / sqrt(n) once in 1000 times; the dense
        // table's steps of 1/256 add half of one.
        std::sort(parts.begin(), parts.end());
        double distance = 0;
        for (std::size_t k = 0; k < parts.size(); ++k) {
            const double law = 0.5 * std::erfc(-parts[k] / std::sqrt(2.0));
            const double at = static_cast<double>(k) / static_cast<double>(parts.size());
            distance = std::max(distance, std::abs(law - at));
        }
        CHECK(distance < 1.95 / 256 + 1.0 / 512);
    }
}

TEST_CASE("rows and columns of both media are uncorrelated, of a unitary matrix a little less") {
    for (const Candidate& c : candidates(64)) {
        CAPTURE(c.name);
        const Matrix t = matrix_of(*c.medium, 64, part, 64);
        const auto mean_square_correlation = [](const Matrix& vectors) {  // of its columns
            const Matrix products = vectors.adjoint() * vectors;
            double sum = 0;
            for (Eigen::Index a = 0; a < products.rows(); ++a) {
                for (Eigen::Index b = 0; b < a; ++b) sum += std::norm(products(a, b));
            }
            const double pairs = 0.5 * double(products.rows()) * double(products.rows() - 1);
            return sum / pairs / std::pow(double(vectors.rows()), 2);
        };
        // Independent entries: E|corr|^2 = 1/m over m entries. m rows of a Haar-random unitary
        // matrix of size n: (1 - m/n) / m. Squares of the 2016 pairs' correlations are exponential:
        // standard error 1/sqrt(2016) = 2.2 %; for rows, 130,816 pairs from 512 x 64 numbers, at
        // most that of 64 independent columns' worth, 1/sqrt(512 * 64 / 2) = 0.8 %.
        const double columns = mean_square_correlation(t) * 512;
        const double rows = mean_square_correlation(t.transpose()) * 64;
        CHECK(std::abs(columns - (1 - 512 / c.size)) < 4 * 0.022);
        CHECK(std::abs(rows - (1 - 64 / c.size)) < 4 * 0.008 + 0.01);
    }
}

TEST_CASE("singular values of both media follow Marchenko and Pastur") {
    // W = T^H T / m of m x c has eigenvalues between (1 -+ sqrt(g))^2, g = c / m, with moments
    // 1, 1 + g, 1 + 3 g + g^2 [Marchenko 1967]. Of a unitary matrix of size n, of which m rows are
    // taken, the second moment is 1 + g (1 - m / n) [Collins 2005].
    constexpr double m = 512;
    constexpr double width = 128;
    constexpr double g = width / m;
    for (const Candidate& c : candidates(128)) {
        CAPTURE(c.name);
        const Matrix t = matrix_of(*c.medium, 128, part, 128);
        const Matrix w = t.adjoint() * t / m;
        const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Matrix>(w).eigenvalues();
        const double first = values.mean();
        const double second = values.array().square().mean();
        const double third = values.array().cube().mean();
        // Linear statistics of eigenvalues hardly fluctuate: sum lambda^k by O(1) while there are
        // 128 of them. Mean: 1/sqrt(m c) = 0.004. The second moment's derivative by the overall
        // scale is 2, and its own fluctuation is 2 g / 128 = 0.004. The third moment fluctuates by
        // three times that and is lower by 3 g (1 + g) m / n = 0.03 if the matrix is a cut-out.
        CHECK(std::abs(first - 1) < 4 * 0.004);
        CHECK(std::abs(second / (first * first) - (1 + g * (1 - m / c.size))) < 0.02);
        CHECK(std::abs(third / std::pow(first, 3) - (1 + 3 * g + g * g)) < 0.05 + 0.03);
        // The extremes lie at the edges up to the Tracy-Widom scale [Johnstone 2001]: largest at
        // mu + s (-1.77 +- 0.90).
        const double mu = std::pow(std::sqrt(m) + std::sqrt(width), 2) / m;
        const double s = (std::sqrt(m) + std::sqrt(width)) *
                         std::cbrt(1 / std::sqrt(m) + 1 / std::sqrt(width)) / m;
        const double largest = values.maxCoeff();
        CHECK(largest < mu + s * (-1.77 + 4 * 0.90));
        CHECK(largest > mu + s * (-1.77 - 4 * 0.90) - 0.06);  // a unitary cut-out's are narrower
        CHECK(values.minCoeff() > std::pow(1 - std::sqrt(g), 2) - 0.05);
        CHECK(values.minCoeff() < std::pow(1 - std::sqrt(g), 2) + 0.08);
    }
}

TEST_CASE("the layered medium differs: all modes together leave columns exactly orthogonal") {
    // All 16384 modes of the grid, n = 16384: nothing is cut away, W is the identity, and all
    // singular values are 1, where independent entries leave them (1 -+ sqrt(64 / 16384))^2 apart.
    constexpr ModeWindow whole = {0, 0, grid, grid, grid, grid};
    for (const Candidate& c : candidates(64)) {
        CAPTURE(c.name);
        const Matrix t = matrix_of(*c.medium, 64, whole, 64);
        const Matrix w = t.adjoint() * t / (double(grid) * grid);
        const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Matrix>(w).eigenvalues();
        const double spread = values.maxCoeff() - values.minCoeff();
        if (c.name == "layered") {
            CHECK(spread < 1e-12);
        } else {
            CHECK(std::abs(spread - 4 * std::sqrt(64.0 / 16384)) < 0.05);  // 0.25
        }
    }
}

TEST_CASE("speckle of a random pattern has contrast 1 and exponential intensities") {
    for (const Candidate& c : candidates(1024)) {
        CAPTURE(c.name);
        MediumScratch scratch;
        double sum = 0;
        double squares = 0;
        double dark = 0;  // below a tenth of the mean: 1 - exp(-0.1)
        constexpr int patterns = 16;
        std::uint32_t seed = 3;
        for (int n = 0; n < patterns; ++n) {
            std::vector<std::int32_t> q12(1024);
            for (auto& a : q12) {
                seed = seed * 1664525u + 1013904223u;
                a = (seed >> 24 & 1u) != 0 ? 4096 : 0;
            }
            std::vector<std::int64_t> field(2 * part.modes(), 0);
            c.medium->add_field(q12, part, 0, field, scratch);
            double mean = 0;
            std::vector<double> intensities;
            for (std::size_t k = 0; k < part.modes(); ++k) {
                const double i =
                    std::pow(double(field[2 * k]), 2) + std::pow(double(field[2 * k + 1]), 2);
                intensities.push_back(i);
                mean += i / 512;
            }
            for (const double i : intensities) {
                sum += i / mean;
                squares += i * i / (mean * mean);
                dark += i < 0.1 * mean ? 1 : 0;
            }
        }
        // Half of the mirrors is common to two patterns: 16 patterns of 512 modes are worth at
        // least 512 * 16 / (1 + 15 / 4) = 1700 independent modes (intensities correlate by the
        // square of 1/2). Contrast's standard error is 1/sqrt(1700) [Goodman 2007, chapter 3].
        const double count = patterns * 512;
        const double contrast = std::sqrt(squares / count - std::pow(sum / count, 2));
        CHECK(std::abs(contrast - 1) < 4 / std::sqrt(1700.0));
        CHECK(std::abs(dark / count - 0.0952) < 4 * std::sqrt(0.0952 * 0.9048 / 1700));
    }
}
