// t-SNE and silhouettes against definitions, derivatives and a second implementation in NumPy.
#include "cli/reproduce/tsne.h"
#include "cli/report/program.h"
#include "cli/reproduce/silhouette.h"
#include "dfa/random.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace opal;
using namespace opal::cli;
using namespace opal::cli::reproduce;

namespace {

// `clusters` heaps of `each` points in `dimensions`, 6 deviations apart.
Points heaps(int clusters, int each, int dimensions) {
    dfa::Random random(5, dfa::Purpose::weights);
    Points points(clusters * each, dimensions);
    for (Eigen::Index i = 0; i < points.rows(); ++i) {
        for (int d = 0; d < dimensions; ++d) {
            points(i, d) = random.normal() + (d == i / each ? 6.0 : 0.0);
        }
    }
    return points;
}

// KL(P|Q) from its definition, one pair at a time [Maaten 2008, equations 4 and 5].
double kl(const Points& p, const Points& y) {
    const auto w = [&](Eigen::Index i, Eigen::Index j) {
        return 1 / (1 + (y.row(i) - y.row(j)).squaredNorm());
    };
    double total = 0;
    for (Eigen::Index i = 0; i < y.rows(); ++i) {
        for (Eigen::Index j = 0; j < y.rows(); ++j) total += i == j ? 0 : w(i, j);
    }
    double sum = 0;
    for (Eigen::Index i = 0; i < y.rows(); ++i) {
        for (Eigen::Index j = 0; j < y.rows(); ++j) {
            if (i != j) sum += p(i, j) * std::log(p(i, j) * total / w(i, j));
        }
    }
    return sum;
}

std::string numbers(const Points& points) {
    std::string text;
    for (Eigen::Index k = 0; k < points.size(); ++k) {
        text += fmt::format("{:.17g} ", points.data()[k]);
    }
    return text + "\n";
}

bool have_numpy() {
    return std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") == 0;
}

// All of t-SNE once more, on whole matrices: perplexities by scanning on the logarithm of the
// precision instead of doubling and halving the precision, no rows, no threads.
constexpr const char* numpy_tsne = R"py(
import sys
import numpy as np
head = sys.stdin.readline().split()
n, d, iterations, early = (int(v) for v in head[:4])
perplexity, exaggeration, rate = (float(v) for v in head[4:])
x = np.array(sys.stdin.readline().split(), float).reshape(n, d)
y = np.array(sys.stdin.readline().split(), float).reshape(n, 2)
squares = ((x[:, None, :] - x[None, :, :]) ** 2).sum(2)
low, high = np.full(n, -40.0), np.full(n, 40.0)
for _ in range(100):
    middle = (low + high) / 2
    logits = -np.exp(middle)[:, None] * squares
    np.fill_diagonal(logits, -np.inf)
    logits -= logits.max(1)[:, None]
    c = np.exp(logits)
    c /= c.sum(1)[:, None]
    entropy = -(np.where(c > 0, c * np.log(np.where(c > 0, c, 1)), 0)).sum(1)
    wide = entropy > np.log(perplexity)
    low, high = np.where(wide, middle, low), np.where(wide, high, middle)
p = (c + c.T) / (2 * n)
velocity, gains = np.zeros((n, 2)), np.ones((n, 2))
def student(y):
    w = 1 / (1 + ((y[:, None, :] - y[None, :, :]) ** 2).sum(2))
    np.fill_diagonal(w, 0)
    return w, w / w.sum()
for step in range(iterations):
    w, q = student(y)
    a = ((exaggeration if step < early else 1) * p - q) * w
    g = 4 * (a.sum(1)[:, None] * y - a @ y)
    gains = np.where((g > 0) != (velocity > 0), gains + 0.2, np.maximum(0.8 * gains, 0.01))
    velocity = (0.5 if step < early else 0.8) * velocity - rate * gains * g
    y = y + velocity
    y = y - y.mean(0)
w, q = student(y)
use = p > 0
print(repr(float((p[use] * np.log(p[use] / q[use])).sum())))
print(*(repr(float(v)) for v in p.ravel()))
print(*(repr(float(v)) for v in y.ravel()))
)py";

}  // namespace

TEST_CASE("affinities: equal distances, perplexities as asked, a distribution") {
    dfa::Workers workers(2);
    // Corners of a regular simplex: all neighbours alike, p_ij = 1 / n(n - 1) whatever s_i.
    const Points corners = Points::Identity(4, 4);
    const Points even = affinities(corners, 3, workers);
    for (Eigen::Index i = 0; i < 4; ++i) {
        for (Eigen::Index j = 0; j < 4; ++j) {
            CHECK(even(i, j) == doctest::Approx(i == j ? 0.0 : 1.0 / 12));
        }
    }
    const Points p = affinities(heaps(3, 10, 4), 5, workers);
    CHECK(p.sum() == doctest::Approx(1).epsilon(1e-12));
    CHECK((p - p.transpose()).cwiseAbs().maxCoeff() == 0);
    CHECK(p.diagonal().cwiseAbs().maxCoeff() == 0);
    CHECK_THROWS_AS(affinities(corners, 3.5, workers), std::invalid_argument);
    CHECK_THROWS_AS(affinities(corners, 0.5, workers), std::invalid_argument);
}

TEST_CASE("divergence and gradient: the definition and its central differences") {
    dfa::Workers workers(2);
    const Points p = affinities(heaps(3, 8, 4), 6, workers);
    dfa::Random random(9, dfa::Purpose::weights);
    Points y(24, 2);
    for (Eigen::Index k = 0; k < y.size(); ++k) y.data()[k] = random.normal();
    Points gradient;
    CHECK(divergence(p, y, 1, gradient, workers) == doctest::Approx(kl(p, y)).epsilon(1e-12));
    // Central differences of step h err by h^2 f''' / 6 and by 1e-16 / h: below 1e-8 at h = 1e-5.
    constexpr double h = 1e-5;
    for (Eigen::Index k = 0; k < y.size(); ++k) {
        Points up = y, down = y;
        up.data()[k] += h;
        down.data()[k] -= h;
        CHECK(std::abs(gradient.data()[k] - (kl(p, up) - kl(p, down)) / (2 * h)) < 1e-8);
    }
}

TEST_CASE("t-SNE: a second implementation makes the same picture") {
    if (!have_numpy()) {
        MESSAGE("skipped: NumPy is not installed");
        return;
    }
    const Points x = heaps(3, 20, 5);
    dfa::Workers workers(2);
    TsneOptions options;
    options.perplexity = 10;
    options.iterations = 60;
    options.exaggerated_iterations = 30;
    options.learning_rate = 10;
    Points start(60, 2);
    dfa::Random random(3, dfa::Purpose::weights);
    for (Eigen::Index k = 0; k < start.size(); ++k) start.data()[k] = 1e-2 * random.normal();
    const Points p = affinities(x, options.perplexity, workers);
    const Tsne made = descend(p, start, options, workers);

    const std::string input = fmt::format("60 5 60 30 10 {:.17g} 10\n", options.exaggeration) +
                              numbers(x) + numbers(start);
    const auto answer =
        run_program({"/usr/bin/python3", "-c", numpy_tsne}, input, std::chrono::seconds(60));
    REQUIRE(answer);
    std::istringstream words(*answer);
    double value = 0;
    REQUIRE(static_cast<bool>(words >> value));
    CHECK(made.divergence == doctest::Approx(value).epsilon(1e-6));
    // The bisections stop at 1e-12 nats and at 80 / 2^100 of a logarithm.
    double worst = 0;
    for (Eigen::Index k = 0; k < p.size(); ++k) {
        REQUIRE(static_cast<bool>(words >> value));
        worst = std::max(worst, std::abs(p.data()[k] - value));
    }
    CHECK(worst < 1e-12);
    // Sums in another order differ by 1e-16; 60 steps of a descent that multiplies a difference by
    // less than two on average leave that far below 1e-4 of a picture some ten units wide.
    worst = 0;
    for (Eigen::Index k = 0; k < made.plane.size(); ++k) {
        REQUIRE(static_cast<bool>(words >> value));
        worst = std::max(worst, std::abs(made.plane.data()[k] - value));
    }
    CHECK(worst < 1e-4);
}

TEST_CASE("t-SNE: the same bytes on any number of threads, heaps stay heaps") {
    const Points x = heaps(3, 20, 5);
    TsneOptions options;
    options.perplexity = 10;
    options.iterations = 400;
    options.exaggerated_iterations = 100;
    options.seed = 4;
    dfa::Workers one(1), three(3);
    const Tsne a = tsne(x, options, one);
    const Tsne b = tsne(x, options, three);
    CHECK(a.plane == b.plane);
    CHECK(a.divergence == b.divergence);
    std::vector<std::int32_t> classes;
    for (int i = 0; i < 60; ++i) classes.push_back(i / 20);
    // Heaps six deviations apart: a picture that keeps neighbours together separates them.
    CHECK(silhouette(a.plane, classes) > 0.6);
}

TEST_CASE("silhouette: worked by hand, alone, mixed") {
    // On a line: 0 and 1 against 4 and 6.
    //   0: a = 1, b = 5, s = 4/5     1: a = 1, b = 4, s = 3/4
    //   4: a = 2, b = 3.5, s = 3/7   6: a = 2, b = 5.5, s = 7/11
    Points line(4, 1);
    line << 0, 1, 4, 6;
    const std::vector<std::int32_t> classes{0, 0, 2, 2};
    CHECK(silhouette(line, classes) ==
          doctest::Approx((0.8 + 0.75 + 3.0 / 7 + 7.0 / 11) / 4).epsilon(1e-14));
    // A point alone counts 0: 0 and 1 have a = 1, b = 4 and 3.
    Points three(3, 1);
    three << 0, 1, 4;
    const std::vector<std::int32_t> alone{0, 0, 1};
    CHECK(silhouette(three, alone) == doctest::Approx((0.75 + 2.0 / 3) / 3).epsilon(1e-14));
    const std::vector<std::int32_t> same{1, 1, 1};
    CHECK_THROWS_AS(silhouette(three, same), std::invalid_argument);
    CHECK_THROWS_AS(silhouette(three, classes), std::invalid_argument);
}
