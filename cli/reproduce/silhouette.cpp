// Silhouette: mean distances by class. See silhouette.h.
#include "cli/reproduce/silhouette.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace opal::cli::reproduce {

double silhouette(const Points& points, std::span<const std::int32_t> classes) {
    const auto n = static_cast<std::size_t>(points.rows());
    if (classes.size() != n || n == 0) {
        throw std::invalid_argument("silhouette: one class per point is needed");
    }
    const auto [smallest, largest] = std::minmax_element(classes.begin(), classes.end());
    if (*smallest < 0 || *smallest == *largest) {
        throw std::invalid_argument("silhouette: at least two classes, 0 or more, are needed");
    }
    std::vector<double> count(static_cast<std::size_t>(*largest) + 1, 0);
    for (const std::int32_t c : classes) count[static_cast<std::size_t>(c)] += 1;

    double sum = 0;
    std::vector<double> distance(count.size());
    for (std::size_t i = 0; i < n; ++i) {
        const auto own = static_cast<std::size_t>(classes[i]);
        if (count[own] < 2) continue;
        std::fill(distance.begin(), distance.end(), 0.0);
        for (std::size_t j = 0; j < n; ++j) {
            distance[static_cast<std::size_t>(classes[j])] +=
                (points.row(static_cast<Eigen::Index>(i)) -
                 points.row(static_cast<Eigen::Index>(j)))
                    .norm();
        }
        const double a = distance[own] / (count[own] - 1);
        double b = -1;
        for (std::size_t c = 0; c < count.size(); ++c) {
            if (c == own || count[c] == 0) continue;
            const double mean = distance[c] / count[c];
            if (b < 0 || mean < b) b = mean;
        }
        const double larger = std::max(a, b);
        if (larger > 0) sum += (b - a) / larger;
    }
    return sum / static_cast<double>(n);
}

}  // namespace opal::cli::reproduce
