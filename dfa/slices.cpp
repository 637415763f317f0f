// Cutting outputs into ranges. See slices.h.
#include "dfa/slices.h"

#include <stdexcept>
#include <string>

namespace opal::dfa {

std::vector<Slice> slice_outputs(Eigen::Index outputs, std::span<const Eigen::Index> widths) {
    std::vector<Slice> slices;
    Eigen::Index used = 0;
    for (const Eigen::Index width : widths) {
        slices.push_back({used, width});
        used += width;
    }
    if (used > outputs) {
        throw std::invalid_argument("the projector has " + std::to_string(outputs) +
                                    " outputs, but the hidden layers take " + std::to_string(used));
    }
    return slices;
}

}  // namespace opal::dfa
