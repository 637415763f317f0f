// PortableMath against libm, which is accurate on every machine even if not bit-equal between them.
#include "sim/physics/portable_math.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace opal::sim;

TEST_CASE("round_to_integer rounds halves away from zero") {
    CHECK(round_to_integer(2.5) == 3);
    CHECK(round_to_integer(-2.5) == -3);
    CHECK(round_to_integer(2.4999) == 2);
    CHECK(round_to_integer(-0.4) == 0);
    CHECK(round_to_integer(4e15) == 4000000000000000);
}

TEST_CASE("cosine and sine of turns agree with libm") {
    for (int n = -4000; n <= 4000; ++n) {
        const double turns = n * 0.00237;
        const double angle = 2 * pi * turns;
        const CosSin got = cos_sin_of_turns(turns);
        // libm's own argument carries 60 * 2^-53 of rounding: 7e-15.
        CHECK(std::abs(got.cosine - std::cos(angle)) < 2e-14);
        CHECK(std::abs(got.sine - std::sin(angle)) < 2e-14);
        CHECK(std::abs(got.cosine * got.cosine + got.sine * got.sine - 1) < 1e-15);
    }
    CHECK(cos_sin_of_turns(0.25).sine == 1);
    CHECK(cos_sin_of_turns(-0.5).cosine == -1);
    // Far out only the fraction of a turn counts.
    CHECK(cos_sin_of_turns(1048576.125).sine == doctest::Approx(std::sqrt(0.5)).epsilon(1e-15));
}

TEST_CASE("the exponential agrees with libm") {
    for (double x = 0; x > -690; x -= 0.137) {
        // The reduced argument is off by at most 2^-53 of x's integer part times ln 2's tail.
        CHECK(exp_of_negative(x) == doctest::Approx(std::exp(x)).epsilon(4e-15));
    }
    CHECK(exp_of_negative(0) == 1);
    CHECK(exp_of_negative(-1e9) == 0);
}

TEST_CASE("the Bessel function agrees with the library's") {
    for (double x = 0; x <= 20; x += 0.25) {
        CHECK(bessel_i0(x) == doctest::Approx(std::cyl_bessel_i(0.0, x)).epsilon(1e-13));
    }
}
