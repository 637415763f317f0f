// Split: which samples train, which choose hyper-parameters, which are looked at once at the end.
#pragma once

#include <cstdint>
#include <vector>

namespace opal::dfa {

enum class Part { training, validation, test, none };

struct Split {
    std::vector<std::uint32_t> training;    // sample numbers, rising
    std::vector<std::uint32_t> validation;  // rising, disjoint from training
};

// Takes `validation` of `count` samples out at random. Depends on nothing but the arguments: runs
// that differ in their training seed can share a split. Throws std::invalid_argument if nothing
// would be left to train on.
Split random_split(std::uint32_t count, std::uint32_t validation, std::uint64_t seed);

}  // namespace opal::dfa
