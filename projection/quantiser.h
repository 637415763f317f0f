// Quantiser: error vectors -> what mirrors can show. The first arrow of the data flow.
//
//   e(b, :)  ~  scale(b) * sum_j 2^j (plus(b, j, :) - minus(b, j, :)),     plus, minus in {0, 1}
//
// A mirror is on or off and light adds: a signed vector takes two patterns, one for each sign, and
// k-bit magnitudes take one such pair per bit. Ternary is the case of one plane. The scale is one
// number per sample, applied in the computer after the light.
#pragma once

#include "dfa/projector.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace opal::projection {

enum class Quantisation {
    fixed_threshold,     // sign(e_i) where |e_i| > threshold [Launay 2020, section 3]
    adaptive_threshold,  // sign(e_i) where |e_i| > threshold * max |e|: never all zero
    stochastic,          // sign(e_i) with probability |e_i| / max |e|: right on average
    bit_planes,          // |e_i| / max |e| rounded to `bits` bits
};

struct QuantiserOptions {
    Quantisation kind = Quantisation::adaptive_threshold;
    double threshold = 0.3;  // fixed: in the errors' unit, >= 0; adaptive: in [0, 1)
    int bits = 4;            // bit_planes only: 1 to 16
    // True: scale(b) makes the quantised vector as long as the error (L2). False: the scale is 1
    // (fixed), max |e| (adaptive) or one step of the grid (bit_planes). Stochastic ternary ignores
    // it: only max |e| makes it unbiased.
    bool restore_norm = true;
    std::uint64_t seed = 1;  // stochastic only
};

struct QuantisedBatch {
    int samples = 0;
    int inputs = 0;
    int planes = 0;
    std::vector<std::uint8_t> plus;   // (samples, planes, inputs), plane j weighs 2^j
    std::vector<std::uint8_t> minus;  // likewise
    std::vector<float> scale;         // (samples); 0 if nothing of the error survived

    std::span<const std::uint8_t> plus_bits(int sample, int plane) const;
    std::span<const std::uint8_t> minus_bits(int sample, int plane) const;
    void reshape(int samples, int inputs, int planes);  // reuses storage; all bits 0, scales 0
};

class Quantiser {
public:
    // Throws std::invalid_argument for options outside the ranges above.
    explicit Quantiser(const QuantiserOptions& options);

    // Row b of `errors` is sample number first_sample + b of the run: stochastic rounding draws
    // with (seed, sample number, component). Throws std::invalid_argument if a component is not
    // finite. Allocates nothing once `into` has had this shape.
    void quantise(const dfa::Matrix& errors, std::uint64_t first_sample,
                  QuantisedBatch& into) const;

    int planes() const;
    const QuantiserOptions& options() const { return options_; }
    std::string description() const;  // "ternary, |e| > 0.3 max|e|"

private:
    QuantiserOptions options_;
};

// The vector the mirrors will show, as numbers: (samples, inputs). The digital twin uses it.
void dequantise(const QuantisedBatch& batch, dfa::Matrix& into);

}  // namespace opal::projection
