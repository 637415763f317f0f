// Random numbers of training: against published vectors, tables and moments.
#include "dfa/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace opal::dfa;

TEST_CASE("Philox4x32-10 gives the published vectors") {
    // Random123 1.09, kat_vectors, "philox4x32 10".
    CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
          std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the normal quantile inverts the normal distribution") {
    CHECK(normal_quantile(0.5) == 0.0);
    // Tables: 97.5 % and 99.9 %.
    CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-14));
    CHECK(normal_quantile(0.001) == doctest::Approx(-3.090232306167813).epsilon(1e-14));
    // P(x) = erfc(-x / sqrt 2) / 2 must give p back. dp / p = x dx in the lower tail, so an x good
    // to 1e-15 |x| gives p to x^2 1e-15, 1e-13 at x = -10; erfc itself adds about as much.
    for (double p = 0.4; p > 1e-23; p *= 0.37) {
        const double back = std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / 2;
        CHECK(back == doctest::Approx(p).epsilon(1e-12));
    }
    for (double p : {0.6, 0.8, 0.93, 0.99}) {
        CHECK(normal_quantile(p) == doctest::Approx(-normal_quantile(1 - p)).epsilon(1e-14));
    }
}

TEST_CASE("normal numbers have the moments of a normal distribution") {
    Random random(7, Purpose::projector);
    constexpr int n = 200000;
    double sum1 = 0;
    double sum2 = 0;
    double sum4 = 0;
    for (int k = 0; k < n; ++k) {
        const double x = random.normal();
        sum1 += x;
        sum2 += x * x;
        sum4 += x * x * x * x;
    }
    // Standard errors 1/sqrt(n), sqrt(2/n), sqrt(96/n); five of each.
    CHECK(std::fabs(sum1 / n) < 5 / std::sqrt(double{n}));
    CHECK(std::fabs(sum2 / n - 1) < 5 * std::sqrt(2.0 / n));
    CHECK(std::fabs(sum4 / n - 3) < 5 * std::sqrt(96.0 / n));
}

TEST_CASE("uniform numbers fill [0, 1) evenly and below() its range") {
    Random random(8, Purpose::weights);
    std::vector<int> tenth(10);
    std::vector<int> die(6);
    constexpr int n = 60000;
    for (int k = 0; k < n; ++k) {
        const float u = random.uniform();
        REQUIRE(u >= 0.0f);
        REQUIRE(u < 1.0f);
        ++tenth[static_cast<std::size_t>(u * 10)];
        ++die[random.below(6)];
    }
    // Binomial, sigma = sqrt(n p (1 - p)): 73 and 91. Five sigma.
    for (int count : tenth) CHECK(std::abs(count - n / 10) < 370);
    for (int count : die) CHECK(std::abs(count - n / 6) < 460);
    CHECK(random.below(1) == 0);
}

TEST_CASE("streams of different seed, purpose or place differ, equal ones agree") {
    const auto first = [](Random random) { return random.bits(); };
    const std::uint32_t base = first(Random(1, Purpose::order, 2, 3));
    CHECK(base == first(Random(1, Purpose::order, 2, 3)));
    CHECK(base != first(Random(1 + (std::uint64_t{1} << 32), Purpose::order, 2, 3)));
    CHECK(base != first(Random(2, Purpose::order, 2, 3)));
    CHECK(base != first(Random(1, Purpose::split, 2, 3)));
    CHECK(base != first(Random(1, Purpose::order, 3, 3)));
    CHECK(base != first(Random(1, Purpose::order, 2, 4)));
}

TEST_CASE("a permutation holds every number once and favours no place") {
    std::vector<int> where(8);
    for (std::uint32_t seed = 0; seed < 4000; ++seed) {
        auto order = random_permutation(8, Random(seed, Purpose::order));
        ++where[static_cast<std::size_t>(std::find(order.begin(), order.end(), 0u) -
                                         order.begin())];
        std::sort(order.begin(), order.end());
        for (std::uint32_t k = 0; k < 8; ++k) REQUIRE(order[k] == k);
    }
    // 500 expected, sigma 21. Five sigma.
    for (int count : where) CHECK(std::abs(count - 500) < 105);
    CHECK(random_permutation(0, Random(1, Purpose::order)).empty());
}
