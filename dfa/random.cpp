// Philox, the normal quantile and the shuffle. See random.h.
#include "dfa/random.h"

#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

namespace opal::dfa {

namespace {

constexpr std::uint32_t philox_m0 = 0xD2511F53u;
constexpr std::uint32_t philox_m1 = 0xCD9E8D57u;
constexpr std::uint32_t philox_w0 = 0x9E3779B9u;
constexpr std::uint32_t philox_w1 = 0xBB67AE85u;

// ln x for x > 0: x = m 2^e with m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh((m - 1) / (m + 1)).
// Our own, because libm's last bit depends on the machine.
double portable_log(double x) {
    int exponent = 0;
    double m = std::frexp(x, &exponent);  // [0.5, 1), exact
    if (m < 0.70710678118654752440) {
        m *= 2;
        --exponent;
    }
    const double t = (m - 1) / (m + 1);  // |t| < 0.1716: 12 odd powers give 2^-53
    const double t2 = t * t;
    double series = 0;
    for (int k = 23; k >= 1; k -= 2) series = series * t2 + 1.0 / k;
    return 2 * t * series + exponent * 0.69314718055994530942;
}

template <std::size_t N>
double polynomial(const double (&c)[N], double x) {
    double y = 0;
    for (std::size_t k = N; k-- > 0;) y = y * x + c[k];
    return y;
}

// [Wichura 1988], PPND16: centre, near tail, far tail; numerator and denominator, powers rising.
constexpr double centre_n[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                               1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr double centre_d[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
constexpr double near_n[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                             5.76949722146069140550e0,  3.64784832476320460504e0,
                             1.27045825245236838258e0,  2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double near_d[] = {1.0,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
constexpr double far_n[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                            1.78482653991729133580e0,  2.96560571828504891230e-1,
                            2.65321895265761230930e-2, 1.24266094738807843860e-3,
                            2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double far_d[] = {1.0,
                            5.99832206555887937690e-1,
                            1.36929880922735805310e-1,
                            1.48753612908506148525e-2,
                            7.86869131145613259100e-4,
                            1.84631831751005468180e-5,
                            1.42151175831644588870e-7,
                            2.04426310338993978564e-15};

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{philox_m0} * counter[0];
        const std::uint64_t p1 = std::uint64_t{philox_m1} * counter[2];
        counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0],
                   static_cast<std::uint32_t>(p1),
                   static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1],
                   static_cast<std::uint32_t>(p0)};
        key[0] += philox_w0;
        key[1] += philox_w1;
    }
    return counter;
}

double normal_quantile(double p) {
    assert(p > 0 && p < 1);
    const double q = p - 0.5;
    if (std::abs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(centre_n, r) / polynomial(centre_d, r);
    }
    const double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p));
    const double x = r <= 5 ? polynomial(near_n, r - 1.6) / polynomial(near_d, r - 1.6)
                            : polynomial(far_n, r - 5) / polynomial(far_d, r - 5);
    return q < 0 ? -x : x;
}

Random::Random(std::uint64_t seed, Purpose purpose, std::uint32_t a, std::uint32_t b)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, static_cast<std::uint32_t>(purpose), a, b} {}

void Random::refill() {
    words_ = philox(counter_, key_);
    ++counter_[0];
    used_ = 0;
}

std::uint32_t Random::below(std::uint32_t bound) {
    assert(bound >= 1);
    // [Lemire 2019]: the high word of a product, with the few values that would favour some
    // results drawn again.
    const std::uint32_t reject_under = (0u - bound) % bound;
    for (;;) {
        const std::uint64_t product = std::uint64_t{bits()} * bound;
        if (static_cast<std::uint32_t>(product) >= reject_under) {
            return static_cast<std::uint32_t>(product >> 32);
        }
    }
}

double Random::normal() {
    const std::uint64_t high = bits();
    const std::uint64_t low = bits();
    // The middle of one of 2^52 equal cells: never 0, never 1, and 1 - p is exact.
    const auto cell = (high << 20) | (low >> 12);
    return normal_quantile((static_cast<double>(cell) + 0.5) * 0x1p-52);
}

std::vector<std::uint32_t> random_permutation(std::uint32_t count, Random random) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    for (std::uint32_t k = count; k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
    return order;
}

}  // namespace opal::dfa
