// PortableMath: Taylor series after reduction to a small interval. See portable_math.h.
#include "sim/physics/portable_math.h"

#include <array>
#include <bit>
#include <cassert>

namespace opal::sim {

namespace {

// 1 / n!
constexpr std::array<double, 20> inverse_factorials = [] {
    std::array<double, 20> values{};
    double factorial = 1;
    for (std::size_t n = 0; n < values.size(); ++n) {
        values[n] = 1 / factorial;
        factorial *= static_cast<double>(n + 1);
    }
    return values;
}();

}  // namespace

CosSin cos_sin_of_turns(double turns) {
    // Nearest quarter turn, then |x| <= pi / 4, where 9 terms leave less than 1e-17.
    const std::int64_t quarter = round_to_integer(4 * turns);
    const double x = (turns - 0.25 * static_cast<double>(quarter)) * (2 * pi);
    const double xx = x * x;
    double sine = inverse_factorials[19];
    double cosine = inverse_factorials[18];
    for (int n = 16; n >= 0; n -= 2) {
        sine = inverse_factorials[n + 1] - xx * sine;
        cosine = inverse_factorials[n] - xx * cosine;
    }
    sine *= x;
    switch (quarter & 3) {
        case 0:
            return {cosine, sine};
        case 1:
            return {-sine, cosine};
        case 2:
            return {-cosine, -sine};
        default:
            return {sine, -cosine};
    }
}

double exp_of_negative(double x) {
    assert(x <= 0);
    if (x < -700) return 0;
    // x = k ln 2 + r with |r| <= 0.35; ln 2 in two parts keeps r exact to the last bits.
    constexpr double ln2_high = 0x1.62e42fefa0000p-1;
    constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
    constexpr double log2_e = 0x1.71547652b82fep+0;
    const std::int64_t k = round_to_integer(x * log2_e);
    const double r = (x - static_cast<double>(k) * ln2_high) - static_cast<double>(k) * ln2_low;
    double sum = inverse_factorials[14];
    for (std::size_t n = 14; n-- > 0;) sum = inverse_factorials[n] + r * sum;
    const double power_of_two = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + k) << 52);
    return sum * power_of_two;
}

double bessel_i0(double x) {
    assert(x >= 0 && x <= 20);
    // sum over n of (x^2 / 4)^n / (n!)^2; from n = 60 on no term reaches the last bit.
    const double quarter_square = 0.25 * x * x;
    double sum = 1;
    for (int n = 60; n >= 1; --n) sum = 1 + quarter_square / (n * n) * sum;
    return sum;
}

}  // namespace opal::sim
