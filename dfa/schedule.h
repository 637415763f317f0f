// Schedule: the learning rate of each step.
//
//   warm-up:   rate = peak (step + 1) / warmup_steps                       step < warmup_steps
//   afterwards, with s = (step - warmup_steps) / (steps - warmup_steps) in [0, 1):
//   constant:  peak
//   cosine:    final + (peak - final) (1 + cos(pi s)) / 2                  [Loshchilov 2017, eq. 5]
#pragma once

#include <cstdint>

namespace opal::dfa {

enum class Decay { constant, cosine };

struct Schedule {
    double peak = 1e-3;
    double final_fraction = 0;  // final = final_fraction * peak
    Decay decay = Decay::cosine;
    std::uint64_t warmup_steps = 0;
    std::uint64_t steps = 1;  // of the whole training

    double rate(std::uint64_t step) const;  // step 0 is the first
};

}  // namespace opal::dfa
