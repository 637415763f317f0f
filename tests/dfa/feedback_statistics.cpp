// FeedbackStatistics against numbers worked out by hand.
#include "dfa/feedback_statistics.h"

#include <doctest/doctest.h>

using namespace opal;

namespace {

// Two components of four rows that are told 3 each, and +-1 on top; and rows without feedback.
dfa::Matrix example() {
    dfa::Matrix f(6, 2);
    f << 2, 4, 4, 2, 0, 0, 2, 4, 4, 2, 0, 0;
    return f;
}

}  // namespace

TEST_CASE("distribution and correlation of feedback, rows without any left out") {
    const dfa::Matrix f = example();
    const auto s = dfa::feedback_statistics(f, nullptr);
    CHECK(s.mean == doctest::Approx(3));
    CHECK(s.deviation == doctest::Approx(1));
    CHECK(s.kurtosis == doctest::Approx(-2));  // two values, equally often: 1 - 3
    CHECK(s.correlation == doctest::Approx(1));
    CHECK(!s.signal_to_noise);
    // One deviation is four bins; the middle one is number 16.
    for (std::size_t b = 0; b < s.histogram.size(); ++b) {
        CHECK(s.histogram[b] == (b == 12 || b == 20 ? 4u : 0u));
    }
}

TEST_CASE("signal to noise: what a linear map of the error explains, against the rest") {
    const dfa::Matrix f = example();
    dfa::Matrix x = dfa::Matrix::Ones(6, 1);
    // Least squares: 3 everywhere, rest +-1. Noise: 8 squares of 1 over (4 - 1) 2 free numbers;
    // explained: 9, of which least squares owes noise / 4 to the noise. (9 - 1/3) / (4/3) = 6.5.
    const auto s = dfa::feedback_statistics(f, &x);
    REQUIRE(s.signal_to_noise);
    CHECK(*s.signal_to_noise == doctest::Approx(6.5));
    CHECK(s.noise_correlation == doctest::Approx(1));
    // A second column that says nothing new changes nothing, as far as there are rows enough.
    x = dfa::Matrix::Ones(6, 2);
    CHECK(dfa::feedback_statistics(f, &x).signal_to_noise.value_or(0) == doctest::Approx(6.5));
}

TEST_CASE("exact projections have no noise, and few rows tell nothing") {
    dfa::Matrix x(8, 2), m(2, 3);
    x << 1, 0, 0, 1, 1, 1, 1, -1, 2, 1, 1, 3, -1, 2, 0.5f, 0.25f;
    m << 1, 2, 3, -1, 0.5f, 0.25f;
    const dfa::Matrix f = x * m;
    CHECK(!dfa::feedback_statistics(f, &x).signal_to_noise);
    const dfa::Matrix few = f.topRows(5) + dfa::Matrix::Identity(5, 3);
    CHECK(!dfa::feedback_statistics(few, &x).signal_to_noise);
    const auto none = dfa::feedback_statistics(dfa::Matrix::Zero(3, 3), nullptr);
    CHECK(none.deviation == 0);
}
