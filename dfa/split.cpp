// The random split. See split.h.
#include "dfa/split.h"

#include "dfa/random.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace opal::dfa {

Split random_split(std::uint32_t count, std::uint32_t validation, std::uint64_t seed) {
    if (validation >= count) {
        throw std::invalid_argument("cannot take " + std::to_string(validation) +
                                    " validation samples out of " + std::to_string(count) +
                                    ": at least one must be left to train on");
    }
    const auto order = random_permutation(count, Random(seed, Purpose::split));
    Split split;
    split.validation.assign(order.begin(), order.begin() + validation);
    split.training.assign(order.begin() + validation, order.end());
    std::sort(split.validation.begin(), split.validation.end());
    std::sort(split.training.begin(), split.training.end());
    return split;
}

}  // namespace opal::dfa
