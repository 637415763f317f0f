// Moments, pairs and least squares, in double. See feedback_statistics.h.
#include "dfa/feedback_statistics.h"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>

namespace opal::dfa {

namespace {

using Doubles = Eigen::MatrixXd;

// N of an exact projector is float rounding: about 1e-7 of F, 1e-14 of its square. What lies near
// that is no noise.
constexpr double rounding = 1e-12;

// Root mean square of the correlation between two different columns. With columns of mean 0 and
// length 1 in Z, the sum of all squared correlations is |Z'Z|^2 = |ZZ'|^2, which is the smaller
// product: rows are fewer than columns.
double pair_correlation(Doubles z) {
    z.rowwise() -= z.colwise().mean();
    Eigen::Index columns = 0;
    for (Eigen::Index c = 0; c < z.cols(); ++c) {
        const double length = z.col(c).norm();
        if (length == 0) continue;
        z.col(columns++) = z.col(c) / length;
    }
    if (columns < 2) return 0;
    const auto used = z.leftCols(columns);
    const double all = z.rows() < columns ? (used * used.transpose()).squaredNorm()
                                          : (used.transpose() * used).squaredNorm();
    const auto n = static_cast<double>(columns);
    return std::sqrt(std::max(all - n, 0.0) / (n * (n - 1)));
}

void add_distribution(const Doubles& f, FeedbackStatistics& s) {
    const auto n = static_cast<double>(f.size());
    s.mean = f.mean();
    const auto centred = (f.array() - s.mean).eval();
    const double variance = centred.square().sum() / n;
    s.deviation = std::sqrt(variance);
    if (variance == 0) return;
    s.kurtosis = centred.square().square().sum() / n / (variance * variance) - 3;
    for (Eigen::Index k = 0; k < f.size(); ++k) {
        const double place = centred.data()[k] / s.deviation * 4 + FeedbackStatistics::bins / 2.0;
        const double bin = std::clamp(std::floor(place), 0.0, FeedbackStatistics::bins - 1.0);
        ++s.histogram[static_cast<std::size_t>(bin)];
    }
}

void add_noise(const Doubles& f, const Doubles& x, FeedbackStatistics& s) {
    const Eigen::CompleteOrthogonalDecomposition<Doubles> solver(x);
    const auto rank = static_cast<double>(solver.rank());
    const auto rows = static_cast<double>(f.rows());
    // A residual of few degrees of freedom says nothing.
    if (rows < 2 * rank + 2) return;
    const Doubles fit = x * solver.solve(f);
    const Doubles rest = f - fit;
    const auto columns = static_cast<double>(f.cols());
    const double noise = rest.squaredNorm() / ((rows - rank) * columns);
    const double explained = fit.squaredNorm() / (rows * columns);
    const double signal = std::max(explained - noise * rank / rows, 0.0);
    if (noise <= rounding * explained) return;
    s.signal_to_noise = signal / noise;
    s.noise_correlation = pair_correlation(rest);
}

}  // namespace

FeedbackStatistics feedback_statistics(const MatrixView& feedback, const Matrix* projected) {
    std::vector<Eigen::Index> rows;
    for (Eigen::Index r = 0; r < feedback.rows(); ++r) {
        if ((feedback.row(r).array() != 0).any()) rows.push_back(r);
    }
    FeedbackStatistics s;
    if (rows.empty()) return s;
    const auto count = static_cast<Eigen::Index>(rows.size());
    Doubles f(count, feedback.cols());
    Doubles x(count, projected != nullptr ? projected->cols() : 0);
    for (Eigen::Index k = 0; k < count; ++k) {
        const Eigen::Index r = rows[static_cast<std::size_t>(k)];
        f.row(k) = feedback.row(r).cast<double>();
        if (projected != nullptr) x.row(k) = projected->row(r).cast<double>();
    }
    add_distribution(f, s);
    s.correlation = pair_correlation(f);
    if (projected != nullptr) add_noise(f, x, s);
    return s;
}

}  // namespace opal::dfa
