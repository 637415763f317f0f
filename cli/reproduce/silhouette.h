// Silhouette: how well classes keep apart [Rousseeuw 1987].
//
//   s_i = (b_i - a_i) / max(a_i, b_i)
//
// a_i: mean distance of point i to the others of its class; b_i: the smallest mean distance to the
// points of another class. 1: clusters far apart; 0: they touch; below: points lie in other
// clusters. A point alone in its class has s = 0.
#pragma once

#include "cli/reproduce/tsne.h"

#include <cstdint>
#include <span>

namespace opal::cli::reproduce {

// The mean of s_i over all points. points (n, dimensions); classes: one per point, 0 or more, at
// least two different ones. Throws std::invalid_argument otherwise.
double silhouette(const Points& points, std::span<const std::int32_t> classes);

}  // namespace opal::cli::reproduce
