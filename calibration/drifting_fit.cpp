// DriftingFit: see drifting_fit.h.
#include "calibration/drifting_fit.h"

#include <Eigen/Dense>

#include <cassert>

namespace opal::calibration {

namespace {

using Fields = Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int most_iterations = 200;
constexpr Eigen::Index few_modes = 256;
constexpr double tolerance = 1e-6;  // rms change of the gains

Eigen::VectorXcf common_mode(const Fields& y) {
    // Power iteration: the gap is wide, since every pattern shares most of its light with others.
    Eigen::VectorXcf g = y * y.row(0).adjoint();
    for (int i = 0; i < 30; ++i) {
        const Eigen::VectorXcf shared = y.adjoint() * g;
        g = y * shared;
        g /= g.norm();
    }
    for (auto& x : g) x = std::abs(x) > 0 ? x / std::abs(x) : std::complex<float>(1);
    return g;
}

}  // namespace

DriftingFit fit_drifting(std::span<const std::complex<float>> fields, std::span<const float> design,
                         std::size_t frames, std::size_t parts, std::size_t modes) {
    assert(fields.size() == frames * modes && design.size() == frames * parts && frames > parts);
    const auto f = static_cast<Eigen::Index>(frames);
    const auto k = static_cast<Eigen::Index>(parts);
    const auto m = static_cast<Eigen::Index>(modes);
    const Eigen::Map<const Fields> y(fields.data(), f, m);
    using Design = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Design a = Eigen::Map<const Design>(design.data(), f, k);
    const Eigen::MatrixXd wide = a.cast<double>();
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(wide, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Eigen::VectorXd values = svd.singularValues();
    const Eigen::MatrixXcf inverse =
        (svd.matrixV() * values.cwiseInverse().asDiagonal() * svd.matrixU().transpose())
            .cast<std::complex<float>>();
    const Eigen::MatrixXcf forward = a.cast<std::complex<float>>();

    DriftingFit result;
    const auto iterate = [&](const Fields& some, Eigen::VectorXcf& g, int most) {
        for (int iteration = 1; iteration <= most; ++iteration) {
            ++result.iterations;
            const Fields c = inverse * (g.cwiseInverse().asDiagonal() * some);
            const Fields predicted = forward * c;
            Eigen::VectorXcf next(f);
            for (Eigen::Index i = 0; i < f; ++i) {
                const float power = predicted.row(i).squaredNorm();
                next(i) =
                    power > 0 ? predicted.row(i).dot(some.row(i)) / power : std::complex<float>(1);
            }
            next /= next.mean();
            const float change = (next - g).norm() / std::sqrt(static_cast<float>(frames));
            g = next;
            if (static_cast<double>(change) < tolerance) break;
        }
    };
    // On part of the modes until it stands, then twice on all of them.
    const Eigen::Index step = std::max<Eigen::Index>(1, m / few_modes);
    const Fields some = y(Eigen::all, Eigen::seq(0, m - 1, step));
    Eigen::VectorXcf g = common_mode(some);
    iterate(some, g, most_iterations);
    if (step > 1) iterate(y, g, 2);
    const Fields c = inverse * (g.cwiseInverse().asDiagonal() * y);
    const Fields predicted = g.asDiagonal() * (forward * c);
    const double residual = static_cast<double>((y - predicted).squaredNorm());
    result.noise_power =
        residual / (static_cast<double>(frames - parts) * static_cast<double>(modes));
    result.condition = values(0) / values(k - 1);
    result.parts.assign(c.data(), c.data() + c.size());
    result.gains.assign(g.data(), g.data() + g.size());
    return result;
}

}  // namespace opal::calibration
