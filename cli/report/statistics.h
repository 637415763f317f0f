// Statistics: what a random medium must look like, and what a set of numbers does look like.
#pragma once

#include <span>
#include <vector>

namespace opal::cli {

struct Histogram {
    std::vector<double> centre;
    std::vector<double> density;  // integrates to 1 over [low, high] if all values lie inside
};
Histogram histogram(std::span<const double> values, double low, double high, int bins);

// Marchenko and Pastur's law for the singular values of a modes x inputs matrix of independent
// entries of variance 1, divided by sqrt(modes); ratio = inputs / modes, in (0, 1]. s^2 = x has
// density sqrt((b - x)(x - a)) / (2 pi ratio x) between a, b = (1 -+ sqrt(ratio))^2
// [Marchenko 1967, theorem 1].
struct SingularValueLaw {
    double low = 0;  // edges, of s
    double high = 0;
    std::vector<double> quantile;  // of s, at (k + 0.5) / count, falling
};
SingularValueLaw singular_value_law(double ratio, int count);

}  // namespace opal::cli
