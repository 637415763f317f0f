// Mutation: one input -> another that is slightly wrong. Between the seeds of a target and its
// reader; used by fuzz_main.cpp. Rule: the same seed and number give the same bytes, always.
#pragma once

#include "tests/fuzz/fuzz_target.h"

namespace opal::fuzz {

// Mutation `number` of one of `seeds` (not empty), drawn from `seed`.
Bytes mutated(const std::vector<Bytes>& seeds, const std::vector<std::string>& words,
              std::uint64_t seed, std::uint64_t number);

}  // namespace opal::fuzz
