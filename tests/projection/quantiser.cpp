// The quantiser against hand-computed rows, a brute-force decoder and closed forms.
#include "projection/quantiser.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace opal::projection;
using opal::dfa::Matrix;

namespace {

Matrix row(std::initializer_list<float> values) {
    Matrix m(1, static_cast<Eigen::Index>(values.size()));
    Eigen::Index i = 0;
    for (const float v : values) m(0, i++) = v;
    return m;
}

Matrix random_errors(int samples, int inputs, unsigned seed) {
    std::mt19937 bits(seed);
    Matrix m(samples, inputs);
    for (Eigen::Index i = 0; i < m.size(); ++i) {
        m.data()[i] = static_cast<float>(static_cast<double>(bits()) / 2147483648.0 - 1.0);
    }
    return m;
}

std::vector<int> signs(const QuantisedBatch& q, int sample, int plane = 0) {
    std::vector<int> t;
    for (int i = 0; i < q.inputs; ++i) {
        const auto k = static_cast<std::size_t>(i);
        t.push_back(int{q.plus_bits(sample, plane)[k]} - int{q.minus_bits(sample, plane)[k]});
    }
    return t;
}

QuantisedBatch quantised(const QuantiserOptions& options, const Matrix& errors,
                         std::uint64_t first = 0) {
    QuantisedBatch q;
    Quantiser(options).quantise(errors, first, q);
    return q;
}

constexpr Quantisation all_kinds[] = {Quantisation::fixed_threshold,
                                      Quantisation::adaptive_threshold, Quantisation::stochastic,
                                      Quantisation::bit_planes};

}  // namespace

TEST_CASE("fixed threshold: worked by hand") {
    const auto errors = row({0.05F, -0.2F, 0.1F, 0.9F, 0, -0.100001F});
    auto q = quantised({.kind = Quantisation::fixed_threshold, .threshold = 0.1}, errors);
    // 0.1F is 0.100000001490116 and so above 0.1.
    CHECK(signs(q, 0) == std::vector{0, -1, 1, 1, 0, -1});
    // |e|^2 = 0.0025 + 0.04 + 0.01 + 0.81 + 0.0100002 = 0.8725002; four components survive.
    CHECK(q.scale[0] == doctest::Approx(std::sqrt(0.8725002 / 4)).epsilon(1e-6));
    q = quantised({.kind = Quantisation::fixed_threshold, .threshold = 0.1, .restore_norm = false},
                  errors);
    CHECK(q.scale[0] == 1.0F);
    q = quantised({.kind = Quantisation::fixed_threshold, .threshold = 2}, errors);
    CHECK(signs(q, 0) == std::vector{0, 0, 0, 0, 0, 0});
    CHECK(q.scale[0] == 0.0F);  // nothing survived: no length to restore
}

TEST_CASE("adaptive threshold: a fraction of the largest component, worked by hand") {
    const auto errors = row({0.25F, -0.5F, -1.0F, 0.75F, 0.5F});
    auto q = quantised({.threshold = 0.5}, errors);
    CHECK(signs(q, 0) == std::vector{0, 0, -1, 1, 0});  // strictly above
    // |e|^2 = 0.0625 + 0.25 + 1 + 0.5625 + 0.25 = 2.125
    CHECK(q.scale[0] == doctest::Approx(std::sqrt(2.125 / 2)).epsilon(1e-6));
    q = quantised({.threshold = 0.5, .restore_norm = false}, errors);
    CHECK(q.scale[0] == 1.0F);
    // The same decision whatever the unit of the error: down to the smallest numbers.
    CHECK(signs(quantised({.threshold = 0.5}, errors * 1e-30F), 0) == std::vector{0, 0, -1, 1, 0});
}

TEST_CASE("bit planes: worked by hand") {
    // 2 bits: levels 0..3 of max 3: 3, -2, 1, 0.4 -> 0, -1.5 -> 2 (half away from zero)
    const auto q = quantised({.kind = Quantisation::bit_planes, .bits = 2, .restore_norm = false},
                             row({3, -2, 1, 0.4F, -1.5F}));
    CHECK(q.planes == 2);
    CHECK(signs(q, 0, 0) == std::vector{1, 0, 1, 0, 0});
    CHECK(signs(q, 0, 1) == std::vector{1, -1, 0, 0, -1});
    CHECK(q.scale[0] == doctest::Approx(1.0));
}

TEST_CASE("bit planes decode to the error within half a step") {
    const auto errors = random_errors(40, 23, 7);
    for (const int bits : {1, 3, 8, 16}) {
        const auto q = quantised(
            {.kind = Quantisation::bit_planes, .bits = bits, .restore_norm = false}, errors);
        for (int b = 0; b < 40; ++b) {
            const double largest = errors.row(b).cwiseAbs().maxCoeff();
            // Half a step of the grid, and the float rounding of the scale (2^-24 relative).
            const double tolerance = largest * (0.5 / ((1 << bits) - 1) + 1e-7);
            for (int i = 0; i < 23; ++i) {
                double decoded = 0;
                for (int j = 0; j < bits; ++j) {
                    decoded += std::pow(2.0, j) * signs(q, b, j)[static_cast<std::size_t>(i)];
                }
                decoded *= q.scale[static_cast<std::size_t>(b)];
                CHECK(std::abs(decoded - errors(b, i)) <= tolerance);
            }
        }
    }
}

TEST_CASE("the L2 norm is restored") {
    const auto errors = random_errors(30, 17, 11);
    for (const auto kind : {Quantisation::fixed_threshold, Quantisation::adaptive_threshold,
                            Quantisation::bit_planes}) {
        const auto q = quantised({.kind = kind, .threshold = 0.2}, errors);
        Matrix shown;
        dequantise(q, shown);
        for (int b = 0; b < 30; ++b) {
            // Float arithmetic over 17 components: far below 1e-5.
            CHECK(shown.row(b).norm() == doctest::Approx(errors.row(b).norm()).epsilon(1e-5));
        }
    }
}

TEST_CASE("sign symmetry: -e swaps plus and minus and nothing else") {
    const auto errors = random_errors(25, 19, 3);
    for (const auto kind : all_kinds) {
        const auto q = quantised({.kind = kind, .threshold = 0.25}, errors, 5);
        const auto mirrored = quantised({.kind = kind, .threshold = 0.25}, -errors, 5);
        CHECK(q.plus == mirrored.minus);
        CHECK(q.minus == mirrored.plus);
        CHECK(q.scale == mirrored.scale);
        for (std::size_t i = 0; i < q.plus.size(); ++i) CHECK((q.plus[i] & q.minus[i]) == 0);
    }
}

TEST_CASE("stochastic ternary is right on average") {
    const auto error = row({1.0F, -0.75F, 0.5F, 0.125F, 0, -0.01F, 0.3F});
    constexpr int draws = 20000;
    const auto q =
        quantised({.kind = Quantisation::stochastic, .seed = 42}, error.replicate(draws, 1) * 2.0F);
    for (int i = 0; i < error.cols(); ++i) {
        double sum = 0;
        for (int b = 0; b < draws; ++b) {
            sum += signs(q, b)[static_cast<std::size_t>(i)] * double{q.scale[std::size_t(b)]};
        }
        const double p = std::abs(error(0, i));
        // A mean of `draws` Bernoulli numbers of size 2; five standard deviations.
        const double tolerance = 5 * 2 * std::sqrt(p * (1 - p) / draws) + 1e-9;
        CHECK(std::abs(sum / draws - 2.0 * error(0, i)) <= tolerance);
    }
}

TEST_CASE("stochastic ternary: draws belong to seed and sample number, not to the batch") {
    const auto errors = random_errors(20, 9, 5);
    const QuantiserOptions options{.kind = Quantisation::stochastic, .seed = 9};
    const auto whole = quantised(options, errors, 100);
    const auto tail = quantised(options, errors.bottomRows(8), 112);
    for (int b = 0; b < 8; ++b) CHECK(signs(tail, b) == signs(whole, b + 12));
    auto other = options;
    other.seed = 10;
    CHECK(quantised(other, errors, 100).plus != whole.plus);
    CHECK(quantised(options, errors, 101).plus != whole.plus);
}

TEST_CASE("a zero error shows nothing") {
    for (const auto kind : all_kinds) {
        const auto q = quantised({.kind = kind}, Matrix::Zero(2, 5));
        CHECK(q.scale == std::vector<float>{0, 0});
        CHECK(q.plus == std::vector<std::uint8_t>(q.plus.size(), 0));
        CHECK(q.minus == q.plus);
    }
}

TEST_CASE("what cannot be quantised is refused in words") {
    auto errors = random_errors(4, 3, 1);
    errors(2, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(quantised({}, errors), doctest::Contains("error vector 2"),
                         std::invalid_argument);
    errors(2, 1) = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(quantised({}, errors), std::invalid_argument);
    CHECK_THROWS_AS(Quantiser({.threshold = 1.0}), std::invalid_argument);
    CHECK_THROWS_AS(Quantiser({.kind = Quantisation::fixed_threshold, .threshold = -0.1}),
                    std::invalid_argument);
    CHECK_THROWS_AS(Quantiser({.kind = Quantisation::bit_planes, .bits = 0}),
                    std::invalid_argument);
    CHECK_THROWS_AS(Quantiser({.kind = Quantisation::bit_planes, .bits = 17}),
                    std::invalid_argument);
}
