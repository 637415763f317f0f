// FieldProducts: every vector form gives the bits of the plain one; the plain one against sums
// written out in double precision.
#include "projection/field_products.h"

#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <random>
#include <vector>

using namespace opal;

namespace {

std::vector<std::complex<float>> noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 bits(seed);
    const auto draw = [&] { return static_cast<float>(bits()) / 2147483648.0F - 1.0F; };
    std::vector<std::complex<float>> values(size);
    for (auto& v : values) v = {draw(), draw()};
    return values;
}

}  // namespace

TEST_CASE("products of fields of any length, with any number of others") {
    for (const std::size_t modes : {1U, 7U, 8U, 9U, 100U, 1024U, 1031U}) {
        for (const std::size_t count : {1U, 3U, 4U, 33U}) {
            CAPTURE(modes);
            CAPTURE(count);
            const auto field = noise(modes, 1);
            const auto others = noise(count * modes, 2);
            std::vector<std::complex<float>> plain(count);
            projection::field_products_plain(others, field, plain);
            for (std::size_t j = 0; j < count; ++j) {
                std::complex<double> sum = 0;
                for (std::size_t k = 0; k < modes; ++k) {
                    sum += std::conj(std::complex<double>(others[j * modes + k])) *
                           std::complex<double>(field[k]);
                }
                // Each of 2 modes products is below 1 and passes at most modes / 8 + 18 roundings
                // of 2^-24 of a sum below 2 modes.
                const auto m = static_cast<double>(modes);
                const double rounding = 2 * m * (m / 8 + 18) * std::ldexp(1.0, -24);
                CHECK(std::abs(std::complex<double>(plain[j]) - sum) < rounding);
            }
            opal::test::for_each_vector_target([&] {
                std::vector<std::complex<float>> out(count);
                projection::field_products(others, field, out);
                CHECK(std::memcmp(out.data(), plain.data(), count * sizeof out[0]) == 0);
            });
        }
    }
}
