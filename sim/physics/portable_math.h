// PortableMath: the functions the bit-accurate path needs and libm would answer differently from
// one machine to the next.
//
// Only IEEE + - * / in a fixed order, so the same argument gives the same bits everywhere (sqrt is
// exactly rounded by IEEE 754 and needs no twin here). Accuracy: a few 1e-16 of full scale.
#pragma once

#include <cassert>
#include <cstdint>

namespace opal::sim {

struct CosSin {
    double cosine;
    double sine;
};

// cos and sin of 2 pi * turns. |turns| < 2^52.
CosSin cos_sin_of_turns(double turns);

// exp(x) for x <= 0; 0 below about -700.
double exp_of_negative(double x);

// Modified Bessel function of the first kind, order 0, 0 <= x <= 20.
double bessel_i0(double x);

// To the nearest integer, halves away from zero. |x| < 2^52.
inline std::int64_t round_to_integer(double x) {
    assert(x > -4.5e15 && x < 4.5e15);
    return static_cast<std::int64_t>(x + (x >= 0 ? 0.5 : -0.5));
}

inline constexpr double pi = 3.14159265358979323846;

}  // namespace opal::sim
