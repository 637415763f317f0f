// Recombination against the product written out in double, and its linearity.
#include "projection/recombine.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <random>
#include <vector>

using namespace opal;
using namespace opal::projection;
using dfa::Matrix;

namespace {

constexpr int inputs = 12;
constexpr int modes = 9;

double uniform(std::mt19937& bits) {
    return static_cast<double>(bits()) / 2147483648.0 - 1.0;
}

// A medium: (inputs, modes).
std::vector<std::complex<double>> random_medium(unsigned seed) {
    std::mt19937 bits(seed);
    std::vector<std::complex<double>> t(inputs * modes);
    for (auto& z : t) z = {uniform(bits), uniform(bits)};
    return t;
}

// What ideal light would give: the field of every distinct pattern.
FieldMatrix fields_of(const EncodedBatch& encoded, const std::vector<std::complex<double>>& t) {
    FieldMatrix fields(static_cast<Eigen::Index>(encoded.distinct), modes);
    for (std::size_t p = 0; p < encoded.distinct; ++p) {
        for (int k = 0; k < modes; ++k) {
            std::complex<double> sum = 0;
            for (int i = 0; i < inputs; ++i) {
                if (encoded.bits_of(p)[std::size_t(i)] != 0) sum += t[std::size_t(i * modes + k)];
            }
            fields(static_cast<Eigen::Index>(p), k) = std::complex<float>(sum);
        }
    }
    return fields;
}

Matrix projected(const QuantisedBatch& q, const std::vector<std::complex<double>>& t, float gain,
                 Eigen::Index outputs) {
    Encoder encoder(calibration::Layout(64, 64, inputs));
    EncodedBatch encoded;
    encoder.encode(q, encoded);
    Matrix feedback;
    recombine(q, encoded, fields_of(encoded, t), gain, outputs, feedback);
    return feedback;
}

QuantisedBatch quantised(const Matrix& errors, const QuantiserOptions& options) {
    QuantisedBatch q;
    Quantiser(options).quantise(errors, 0, q);
    return q;
}

Matrix random_errors(int samples, unsigned seed) {
    std::mt19937 bits(seed);
    Matrix m(samples, inputs);
    for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<float>(uniform(bits));
    return m;
}

}  // namespace

TEST_CASE("planes, signs and scales come together as the product of the shown vector") {
    const auto t = random_medium(1);
    for (const auto kind :
         {Quantisation::adaptive_threshold, Quantisation::stochastic, Quantisation::bit_planes}) {
        const auto q = quantised(random_errors(30, 2), {.kind = kind, .bits = 5});
        Matrix shown;
        dequantise(q, shown);
        const float gain = 0.25F;
        for (const Eigen::Index outputs : {2 * modes, 2 * modes - 1, 3}) {
            const Matrix feedback = projected(q, t, gain, outputs);
            REQUIRE(feedback.rows() == 30);
            REQUIRE(feedback.cols() == outputs);
            for (int b = 0; b < 30; ++b) {
                for (Eigen::Index o = 0; o < outputs; ++o) {
                    double expected = 0;
                    for (int i = 0; i < inputs; ++i) {
                        const auto z = t[std::size_t(i * modes + o / 2)];
                        expected += gain * double{shown(b, i)} * (o % 2 ? z.imag() : z.real());
                    }
                    // Fields below 12, scales below 4, weights below 32: float rounding
                    // (2^-24) of sums below 12 * 4 * 32 * 0.25 stays under 1e-4.
                    CHECK(std::abs(feedback(b, o) - expected) < 1e-4);
                }
            }
        }
    }
}

TEST_CASE("linear: a + b projects to the sum of the projections") {
    const auto t = random_medium(3);
    QuantisedBatch a, b, sum;
    for (auto* q : {&a, &b, &sum}) q->reshape(1, inputs, 1);
    std::mt19937 bits(4);
    for (std::size_t i = 0; i < inputs; ++i) {
        auto& here = bits() % 2 == 0 ? a : b;  // disjoint inputs: the sum is ternary again
        auto& sign = bits() % 2 == 0 ? here.plus : here.minus;
        sign[i] = 1;
        (&sign == &here.plus ? sum.plus : sum.minus)[i] = 1;
    }
    for (auto* q : {&a, &b, &sum}) q->scale = {1.0F};
    const Matrix parts = projected(a, t, 1, 2 * modes) + projected(b, t, 1, 2 * modes);
    const Matrix whole = projected(sum, t, 1, 2 * modes);
    // Sums of 12 numbers below 1 in float, in another order.
    CHECK((parts - whole).cwiseAbs().maxCoeff() < 1e-5);
}
