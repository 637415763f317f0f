// Tsne: points of many dimensions -> a plane, neighbours kept together [Maaten 2008].
//
//   p(j|i) ~ exp(-|x_i - x_j|^2 / 2 s_i^2), s_i such that the perplexity of row i is as asked  [1]
//   p_ij   = (p(j|i) + p(i|j)) / 2n                                                [section 3.1]
//   q_ij   ~ 1 / (1 + |y_i - y_j|^2)                                               [4]
//   minimises KL(P|Q) = sum p_ij ln(p_ij / q_ij) by gradient descent               [5]
//
// Exact: all pairs, double precision, no tree and no cut-off. The same seed gives the same bytes on
// any number of threads: every row is summed by one thread in order.
#pragma once

#include "dfa/workers.h"

#include <Eigen/Core>

#include <cstdint>

namespace opal::cli::reproduce {

using Points = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct TsneOptions {
    double perplexity = 30;
    int iterations = 1000;
    // The first iterations pull clusters together with P times this [section 3.4].
    double exaggeration = 12;
    int exaggerated_iterations = 250;
    double learning_rate = 0;  // 0: max(50, n / exaggeration / 4) [Belkina 2019]
    std::uint64_t seed = 0;
};

struct Tsne {
    Points plane;           // (n, 2)
    double divergence = 0;  // KL(P|Q), nats
};

// points (n, dimensions) -> P (n, n): symmetric, diagonal 0, sum 1. Throws std::invalid_argument
// unless 1 <= perplexity <= n - 1.
Points affinities(const Points& points, double perplexity, dfa::Workers& workers);

// KL(P|Q) of a plane, and its gradient (n, 2) with exaggeration * P in the place of P.
double divergence(const Points& p, const Points& plane, double exaggeration, Points& gradient,
                  dfa::Workers& workers);

// Descends from `start` (n, 2).
Tsne descend(const Points& p, const Points& start, const TsneOptions& options,
             dfa::Workers& workers);

// All of it, from a start of normal numbers of deviation 1e-4.
Tsne tsne(const Points& points, const TsneOptions& options, dfa::Workers& workers);

}  // namespace opal::cli::reproduce
