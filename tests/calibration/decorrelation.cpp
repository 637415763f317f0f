// How fast a medium changes, from made-up fields of known change, and what is concluded from it:
// ages, budgets, uncertainties.
#include "calibration/error_witness.h"
#include "calibration/graph.h"
#include "calibration/nodes/drift.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <random>
#include <vector>

using namespace opal;
using calibration::Drift;
using calibration::Measured;

namespace {

using Field = std::complex<float>;

constexpr std::size_t modes = 200;
constexpr std::size_t bursts = 24;
constexpr std::size_t per_burst = 16;

// 24 bursts over 12 s: cos(a) A + sin(a) B with cos(a) = 1 - rate t, the amplitude of the light
// and some noise. A and B have equal power and nothing in common.
Measured decorrelation(double rate_per_s, double gain_per_s, double noise) {
    std::mt19937 bits(17);
    std::normal_distribution<double> normal;
    std::vector<std::complex<double>> a(modes), b(modes);
    for (std::size_t m = 0; m < modes; ++m) {
        const bool first = m < modes / 2;
        a[m] = first ? 1 : 0;
        b[m] = first ? 0 : 1;
    }
    std::vector<Field> fields;
    std::vector<double> begun;
    for (std::size_t n = 0; n < bursts; ++n) {
        const double t = 0.5 * static_cast<double>(n);
        begun.push_back(t);
        const double c = 1 - rate_per_s * t;
        const double s = std::sqrt(1 - c * c);
        for (std::size_t i = 0; i < per_burst; ++i)
            for (std::size_t m = 0; m < modes; ++m)
                fields.emplace_back(
                    std::polar(1 + gain_per_s * t, 0.3 * t) * (c * a[m] + s * b[m]) +
                    std::complex<double>(noise * normal(bits), noise * normal(bits)));
    }
    return calibration::decorrelation_of(fields, begun, per_burst, modes);
}

Drift drift_of(double loss_per_s, double sigma) {
    Drift drift;
    drift.decorrelation_per_s = {loss_per_s, sigma};
    drift.observed_s = 12;
    return drift;
}

}  // namespace

TEST_CASE("a laser that gets brighter is no medium that changes") {
    // 0.4 % of power a second: taken for the medium it would be a loss of -0.2 % per second.
    for (const double gain : {0.002, -0.002, 0.0}) {
        CAPTURE(gain);
        const Measured still = decorrelation(0, gain, 0.02);
        CHECK(still.sigma > 0);
        CHECK(still.sigma < 1e-5);
        // Noise is 1.6e-3 of the power at first, and its share goes the other way as the light.
        CHECK(std::abs(still.value) < 3 * still.sigma + 2 * 1.6e-3 * std::abs(gain));
        const Measured turning = decorrelation(1e-3, gain, 0.02);
        CHECK(std::abs(turning.value - 1e-3) < 3 * turning.sigma + 1e-5);
    }
}

TEST_CASE("beyond what was observed the loss grows with the square of the time") {
    // 1.2e-3 in 12 s. Half of it in half the time; a hundred times as much in ten times.
    const Drift seen = drift_of(1e-4, 1e-6);
    CHECK(calibration::loss_after(seen, 6) == doctest::Approx(0.6e-3));
    CHECK(calibration::loss_after(seen, 120) == doctest::Approx(0.12));
    CHECK(calibration::loss_after(seen, 1e6) == 1);
    CHECK(calibration::time_to_lose(seen, 0.6e-3) == doctest::Approx(6));
    CHECK(calibration::time_to_lose(seen, 0.12) == doctest::Approx(120));
    const Drift unseen = drift_of(1e-4, 1e-4);
    CHECK(calibration::loss_after(unseen, 3600) == 0);
    CHECK(std::isinf(calibration::time_to_lose(unseen, 1e-3)));

    // Half a percent after 12 s sqrt(5 / 1.2).
    calibration::Record record;
    record.drift = seen;
    CHECK(calibration::age_limit_s(record, calibration::Node::matrix) ==
          doctest::Approx(12 * std::sqrt(5 / 1.2)));
    record.drift = unseen;
    CHECK(calibration::age_limit_s(record, calibration::Node::matrix) == 4 * 3600);
}

TEST_CASE("uncertainty of a product of noisy frames: what they have in common counts too") {
    // 100 numbers with a common part of power 1 each, noise of power 0.5: drawn 4000 times, the
    // scatter of the sum is known to 1.1 %.
    constexpr int count = 100;
    constexpr int draws = 4000;
    std::mt19937 bits(23);
    std::normal_distribution<double> normal(0, 0.5);  // two parts: 0.25 each
    double sum = 0;
    double square = 0;
    for (int d = 0; d < draws; ++d) {
        double real = 0;
        for (int i = 0; i < count; ++i) {
            const std::complex<double> a(1 + normal(bits), normal(bits));
            const std::complex<double> b(1 + normal(bits), normal(bits));
            real += (std::conj(a) * b).real();
        }
        sum += real / draws;
        square += real * real / draws;
    }
    const double scatter = std::sqrt(square - sum * sum);
    CHECK(calibration::product_sigma(0.5, count, count) ==
          doctest::Approx(scatter).epsilon(0.05).scale(0));
}

TEST_CASE("uncertainty of a change: noise of the frames, and how well that noise is known") {
    // 47 x 20 changes of power 1.5 each less the 1.5 that 128 x 20 numbers of their own tell: drawn
    // 2000 times, the scatter is known to 1.6 %. Twice the variance would be off by a fifth.
    constexpr int changes = 47 * 20;
    constexpr int known = 128 * 20;
    constexpr int draws = 2000;
    std::mt19937 bits(31);
    std::exponential_distribution<double> square(1 / 1.5);  // |d|^2 of complex noise
    double mean = 0;
    double spread = 0;
    for (int d = 0; d < draws; ++d) {
        double moved = 0;
        double noise = 0;
        for (int i = 0; i < changes; ++i) moved += square(bits) / changes;
        for (int i = 0; i < known; ++i) noise += square(bits) / known;
        mean += (moved - noise) / draws;
        spread += std::pow(moved - noise, 2) / draws;
    }
    CHECK(calibration::change_sigma(1.5, changes, known) ==
          doctest::Approx(std::sqrt(spread - mean * mean)).epsilon(0.06).scale(0));
}
