// Tsne: affinities by bisection, descent with momentum and gains. See tsne.h.
#include "cli/reproduce/tsne.h"

#include "dfa/random.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace opal::cli::reproduce {

namespace {

using Index = Eigen::Index;

// One row of p(j|i): the precision 1 / 2 s_i^2 is found by bisection on the entropy, which falls
// with it.
void conditional_row(const Eigen::Ref<const Eigen::RowVectorXd>& squares, Index self,
                     double perplexity, Eigen::Ref<Eigen::RowVectorXd> row) {
    const double wanted = std::log(perplexity);
    const Index n = squares.size();
    double nearest = -1;
    for (Index j = 0; j < n; ++j) {
        if (j != self && (nearest < 0 || squares(j) < nearest)) nearest = squares(j);
    }
    double low = 0;
    double high = -1;  // none yet
    double precision = 1;
    constexpr int most_steps = 200;
    for (int step = 0; step < most_steps; ++step) {
        double sum = 0;
        double weighted = 0;
        for (Index j = 0; j < n; ++j) {
            // Relative to the nearest: far points must not lose all rows to underflow.
            const double d = squares(j) - nearest;
            row(j) = j == self ? 0 : std::exp(-precision * d);
            sum += row(j);
            weighted += row(j) * d;
        }
        const double entropy = std::log(sum) + precision * weighted / sum;
        row /= sum;
        constexpr double tolerance = 1e-12;  // nats
        if (std::abs(entropy - wanted) < tolerance) return;
        if (entropy > wanted) {
            low = precision;
            precision = high < 0 ? 2 * precision : (low + high) / 2;
        } else {
            high = precision;
            precision = (low + high) / 2;
        }
    }
}

}  // namespace

Points affinities(const Points& points, double perplexity, dfa::Workers& workers) {
    const Index n = points.rows();
    if (!(perplexity >= 1 && perplexity <= static_cast<double>(n - 1))) {
        throw std::invalid_argument("t-SNE: perplexity " + std::to_string(perplexity) +
                                    " asked of " + std::to_string(n) +
                                    " points; possible is 1 to one less than their number");
    }
    Points conditional(n, n);
    workers.run(n, [&](Index i, int) {
        Eigen::RowVectorXd squares(n);
        for (Index j = 0; j < n; ++j) squares(j) = (points.row(i) - points.row(j)).squaredNorm();
        Eigen::RowVectorXd row(n);
        conditional_row(squares, i, perplexity, row);
        conditional.row(i) = row;
    });
    Points p(n, n);
    workers.run(n, [&](Index i, int) {
        for (Index j = 0; j < n; ++j) {
            p(i, j) = (conditional(i, j) + conditional(j, i)) / (2 * static_cast<double>(n));
        }
    });
    return p;
}

double divergence(const Points& p, const Points& plane, double exaggeration, Points& gradient,
                  dfa::Workers& workers) {
    const Index n = plane.rows();
    std::vector<double> sums(static_cast<std::size_t>(n));
    const auto weight = [&](Index i, Index j) {
        const double dx = plane(i, 0) - plane(j, 0);
        const double dy = plane(i, 1) - plane(j, 1);
        return 1 / (1 + dx * dx + dy * dy);
    };
    workers.run(n, [&](Index i, int) {
        double sum = 0;
        for (Index j = 0; j < n; ++j) {
            if (j != i) sum += weight(i, j);
        }
        sums[static_cast<std::size_t>(i)] = sum;
    });
    double total = 0;
    for (const double s : sums) total += s;
    gradient.resize(n, 2);
    workers.run(n, [&](Index i, int) {
        double gx = 0, gy = 0, kl = 0;
        for (Index j = 0; j < n; ++j) {
            if (j == i) continue;
            const double w = weight(i, j);
            const double q = w / total;
            const double pull = (exaggeration * p(i, j) - q) * w;
            gx += pull * (plane(i, 0) - plane(j, 0));
            gy += pull * (plane(i, 1) - plane(j, 1));
            if (p(i, j) > 0) kl += p(i, j) * std::log(p(i, j) / q);
        }
        gradient(i, 0) = 4 * gx;
        gradient(i, 1) = 4 * gy;
        sums[static_cast<std::size_t>(i)] = kl;
    });
    double kl = 0;
    for (const double s : sums) kl += s;
    return kl;
}

Tsne descend(const Points& p, const Points& start, const TsneOptions& options,
             dfa::Workers& workers) {
    const Index n = p.rows();
    const double rate = options.learning_rate > 0
                            ? options.learning_rate
                            : std::max(50.0, static_cast<double>(n) / options.exaggeration / 4);
    Tsne made{start, 0};
    Points gradient(n, 2);
    Points velocity = Points::Zero(n, 2);
    Points gains = Points::Ones(n, 2);
    for (int step = 0; step < options.iterations; ++step) {
        const bool early = step < options.exaggerated_iterations;
        divergence(p, made.plane, early ? options.exaggeration : 1, gradient, workers);
        const double momentum = early ? 0.5 : 0.8;
        for (Index k = 0; k < gains.size(); ++k) {
            double& gain = gains.data()[k];
            double& v = velocity.data()[k];
            const double g = gradient.data()[k];
            // A coordinate that keeps its direction goes faster, one that swings slows down
            // [Jacobs 1988].
            gain = (g > 0) != (v > 0) ? gain + 0.2 : std::max(0.8 * gain, 0.01);
            v = momentum * v - rate * gain * g;
            made.plane.data()[k] += v;
        }
        made.plane.rowwise() -= made.plane.colwise().mean().eval();
    }
    made.divergence = divergence(p, made.plane, 1, gradient, workers);
    return made;
}

Tsne tsne(const Points& points, const TsneOptions& options, dfa::Workers& workers) {
    const Points p = affinities(points, options.perplexity, workers);
    Points start(points.rows(), 2);
    dfa::Random random(options.seed, dfa::Purpose::weights);
    for (Index k = 0; k < start.size(); ++k) start.data()[k] = 1e-4 * random.normal();
    return descend(p, start, options, workers);
}

}  // namespace opal::cli::reproduce
