// Statistics: histograms, and the law of singular values by integration. See statistics.h.
#include "cli/report/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::cli {

Histogram histogram(std::span<const double> values, double low, double high, int bins) {
    assert(bins > 0 && high > low);
    Histogram h;
    const double width = (high - low) / bins;
    for (int b = 0; b < bins; ++b) h.centre.push_back(low + (b + 0.5) * width);
    h.density.assign(static_cast<std::size_t>(bins), 0);
    const double weight =
        1 / (width * static_cast<double>(std::max<std::size_t>(values.size(), 1)));
    for (const double v : values) {
        if (!(v >= low && v < high)) continue;
        const auto bin = std::min(static_cast<int>((v - low) / width), bins - 1);
        h.density[static_cast<std::size_t>(bin)] += weight;
    }
    return h;
}

SingularValueLaw singular_value_law(double ratio, int count) {
    assert(ratio > 0 && ratio <= 1 && count > 0);
    SingularValueLaw law;
    law.low = 1 - std::sqrt(ratio);
    law.high = 1 + std::sqrt(ratio);
    // With x = s^2 and s = middle + half cos(t) the density becomes smooth at both edges; summed
    // from the upper edge down by the midpoint rule.
    constexpr int steps = 20000;
    const double a = law.low * law.low;
    const double b = law.high * law.high;
    std::vector<double> s(steps), mass(steps);
    double total = 0;
    for (int k = 0; k < steps; ++k) {
        const double t = std::numbers::pi * (k + 0.5) / steps;
        const double value = 1 + std::sqrt(ratio) * std::cos(t);
        const double x = value * value;
        const double density =
            std::sqrt(std::max((b - x) * (x - a), 0.0)) / (2 * std::numbers::pi * ratio * x);
        // dx = 2 s ds, ds = sqrt(ratio) sin t dt
        total += density * 2 * value * std::sqrt(ratio) * std::sin(t) * std::numbers::pi / steps;
        s[static_cast<std::size_t>(k)] = value;
        mass[static_cast<std::size_t>(k)] = total;
    }
    std::size_t at = 0;
    for (int k = 0; k < count; ++k) {
        const double wanted = total * (k + 0.5) / count;
        while (at + 1 < mass.size() && mass[at] < wanted) ++at;
        law.quantile.push_back(s[at]);
    }
    return law;
}

}  // namespace opal::cli
