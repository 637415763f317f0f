// Random: every random number of training, from a counter.
//
// Philox4x32-10 [Salmon 2011]: a number is a pure function of (seed, purpose, a, b, position). So
// dropout in row 17 of step 900 is the same whichever thread draws it, and a resumed run goes on
// with the numbers of the interrupted one. No std distribution (they differ between libraries) and
// no libm (it differs between machines): uniform numbers are exact, normal ones use + - * / sqrt.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace opal::dfa {

// What numbers are for. Two purposes never share numbers. The values are part of every result:
// never change one, append.
enum class Purpose : std::uint32_t {
    weights = 1,    // a: parameter index
    order = 2,      // a: epoch
    split = 3,      // one permutation of the training set
    dropout = 4,    // a: step, b: layer and row, see dropout.cpp
    projector = 5,  // a: input
    shift = 6,      // a: epoch, b: sample
};

// Ten rounds on one counter: the 128 random bits everything here is made of.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// The x with P(standard normal < x) = p, 0 < p < 1, to about 1e-15 relative [Wichura 1988, AS 241].
double normal_quantile(double p);

// One stream of numbers.
class Random {
public:
    Random(std::uint64_t seed, Purpose purpose, std::uint32_t a = 0, std::uint32_t b = 0);

    std::uint32_t bits() {
        if (used_ == 4) refill();
        return words_[used_++];
    }
    // [0, 1), multiples of 2^-24.
    float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }
    // 0 .. bound - 1, all equally likely. bound at least 1.
    std::uint32_t below(std::uint32_t bound);
    // Standard normal, from 52 random bits.
    double normal();

private:
    void refill();

    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 4> words_{};
    std::size_t used_ = 4;
};

// 0 .. count - 1 in random order [Fisher-Yates].
std::vector<std::uint32_t> random_permutation(std::uint32_t count, Random random);

}  // namespace opal::dfa
