// Philox against the published vectors; gaussian_table against the normal distribution itself.
#include "sim/physics/gaussian.h"
#include "sim/physics/philox.h"
#include "sim/physics/random_streams.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace opal::sim;

TEST_CASE("philox4x32-10 gives the known answers of Random123") {
    // Random123 1.14, tests/kat_vectors, lines philox4x32 10.
    CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
          PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream's word keeps its name apart from the frame number's high bits") {
    CHECK(stream_word(RandomStream::noise) == 3u);
    CHECK(stream_word(RandomStream::noise, 0xABCDEF) == 0xABCDEF03u);
    CHECK(key_of(0x0123456789ABCDEFull).low == 0x89ABCDEFu);
    CHECK(key_of(0x0123456789ABCDEFull).high == 0x01234567u);
}

TEST_CASE("gaussian_table holds the rounded quantiles of the normal distribution") {
    const auto normal_below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    for (int j = 0; j < 256; ++j) {
        CAPTURE(j);
        const double probability = (j + 0.5) / 256;
        // v is the rounded quantile exactly if the quantile lies within v +- 1/2.
        CHECK(normal_below((gaussian_table[j] - 0.5) / 44) <= probability);
        CHECK(normal_below((gaussian_table[j] + 0.5) / 44) >= probability);
        CHECK(gaussian_table[j] == -gaussian_table[255 - j]);
    }
}

TEST_CASE("the stated moments of gaussian_table are its moments") {
    double second = 0;
    double fourth = 0;
    for (const double v : gaussian_table) {
        second += v * v / 256;
        fourth += v * v * v * v / 256;
    }
    CHECK(second == 493964.0 / 256);  // sums of integers below 2^53: exact
    CHECK(gaussian_variance == 493964.0 / 256);
    // Of a sum of n independent terms, the excess kurtosis is that of one over n.
    const double excess = fourth / (second * second) - 3;
    CHECK(kurtosis_of_two == doctest::Approx(3 + excess / 2).epsilon(1e-14));
    CHECK(unit_of_two == doctest::Approx(1 / std::sqrt(2 * second)).epsilon(1e-15));
    CHECK(unit_of_four == doctest::Approx(1 / std::sqrt(4 * second)).epsilon(1e-15));
}

TEST_CASE("unit normals from philox have mean 0, variance 1 and are independent") {
    constexpr int count = 100000;
    double sum = 0;
    double square = 0;
    double product = 0;
    double previous = 0;
    for (std::uint32_t n = 0; n < count; ++n) {
        const double z = unit_normal(draw(1, RandomStream::pixel_maps, n)[n % 4]);
        sum += z;
        square += z * z;
        product += z * previous;
        previous = z;
    }
    // Standard errors: mean 1/sqrt(n) = 0.0032, variance sqrt(2/n) = 0.0045, product 0.0032; 4 of
    // each.
    CHECK(std::abs(sum / count) < 0.0127);
    CHECK(std::abs(square / count - 1) < 0.018);
    CHECK(std::abs(product / count) < 0.0127);
}
