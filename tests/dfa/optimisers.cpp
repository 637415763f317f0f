// Optimisers and schedule against their formulas, step by step in double.
#include "dfa/elementwise.h"
#include "dfa/optimiser.h"
#include "dfa/schedule.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

using namespace opal;
using tests::Numbers;
using tests::Table;

namespace {

struct Twin {
    Table weight;
    Table first;   // Adam's mean, or the velocity
    Table second;  // Adam's mean square
};

// Ten steps of `options` on one parameter with known gradients, tile by tile, against `advance`.
template <class Advance>
void check_optimiser(const dfa::OptimiserOptions& options, float l2, Advance&& advance) {
    Numbers numbers(1);
    dfa::Parameter parameter;
    parameter.value = tests::matrix_of(numbers.table(37, 13));
    parameter.l2 = l2;
    std::vector<dfa::Parameter*> parameters{&parameter};
    dfa::Optimiser optimiser(options, parameters);
    Twin twin{tests::table_of(parameter.value), Table(37, 13), Table(37, 13)};
    for (std::uint64_t step = 1; step <= 10; ++step) {
        // Gradients of very different size from row to row: Adam must not care.
        Table gradient = numbers.table(37, 13);
        for (std::size_t k = 0; k < gradient.cells.size(); ++k) {
            gradient.cells[k] *= std::pow(10.0, -static_cast<double>(k / 13 % 6));
        }
        const dfa::Matrix g = tests::matrix_of(gradient);
        const double rate = 0.01 / static_cast<double>(step);
        optimiser.begin_step(step, rate);
        optimiser.take(parameter, 20, 17, g.data() + 20 * 13);
        optimiser.take(parameter, 0, 20, g.data());
        gradient = tests::table_of(g);
        for (std::size_t k = 0; k < gradient.cells.size(); ++k) {
            const double penalised =
                gradient.cells[k] + static_cast<double>(l2) * twin.weight.cells[k];
            advance(twin.weight.cells[k], twin.first.cells[k], twin.second.cells[k], penalised,
                    rate, static_cast<double>(step));
        }
        // A step is at most about 0.01; float rounding of weights near 1 adds 6e-8 a step, of the
        // moments about 1e-6 of a step.
        CHECK(tests::largest_difference(tests::table_of(parameter.value), twin.weight) <
              1e-6 * static_cast<double>(step));
    }
}

}  // namespace

TEST_CASE("Adam follows its algorithm") {
    const dfa::OptimiserOptions options;
    for (float l2 : {0.0f, 0.05f}) {
        check_optimiser(options, l2,
                        [](double& w, double& m, double& v, double g, double rate, double t) {
                            m = 0.9 * m + 0.1 * g;
                            v = 0.999 * v + 0.001 * g * g;
                            const double m_hat = m / (1 - std::pow(0.9, t));
                            const double v_hat = v / (1 - std::pow(0.999, t));
                            w -= rate * m_hat / (std::sqrt(v_hat) + 1e-8);
                        });
    }
}

TEST_CASE("the first step of Adam is the learning rate, whatever the gradient") {
    dfa::Parameter parameter;
    parameter.value = dfa::Matrix::Zero(1, 4);
    std::vector<dfa::Parameter*> parameters{&parameter};
    dfa::Optimiser optimiser({}, parameters);
    optimiser.begin_step(1, 0.125);
    const float gradient[] = {1e-4f, -3.0f, 200.0f, 0.0f};
    optimiser.take(parameter, 0, 1, gradient);
    CHECK(parameter.value(0, 0) == doctest::Approx(-0.125).epsilon(2e-4));  // epsilon / 1e-4
    CHECK(parameter.value(0, 1) == doctest::Approx(0.125).epsilon(1e-6));
    CHECK(parameter.value(0, 2) == doctest::Approx(-0.125).epsilon(1e-6));
    CHECK(parameter.value(0, 3) == 0.0f);
}

TEST_CASE("a parameter's own rate multiplies the learning rate") {
    for (const auto kind : {dfa::OptimiserKind::adam, dfa::OptimiserKind::momentum}) {
        dfa::Parameter parameter;
        parameter.value = dfa::Matrix::Zero(1, 1);
        parameter.rate = 0.25;
        std::vector<dfa::Parameter*> parameters{&parameter};
        dfa::Optimiser optimiser({.kind = kind}, parameters);
        optimiser.begin_step(1, 0.5);
        const float gradient = 1;  // both rules move by rate * 1 in their first step
        optimiser.take(parameter, 0, 1, &gradient);
        CHECK(parameter.value(0, 0) == doctest::Approx(-0.125).epsilon(1e-6));
    }
}

TEST_CASE("momentum follows its recursion") {
    dfa::OptimiserOptions options;
    options.kind = dfa::OptimiserKind::momentum;
    options.momentum = 0.75f;
    for (float l2 : {0.0f, 0.05f}) {
        check_optimiser(options, l2,
                        [](double& w, double& u, double&, double g, double rate, double) {
                            u = 0.75 * u + g;
                            w -= rate * u;
                        });
    }
}

TEST_CASE("moments that only decay end at zero, not among denormal numbers") {
    dfa::Parameter parameter;
    parameter.value = dfa::Matrix::Ones(1, 20);
    std::vector<dfa::Parameter*> parameters{&parameter};
    for (dfa::OptimiserKind kind : {dfa::OptimiserKind::adam, dfa::OptimiserKind::momentum}) {
        dfa::OptimiserOptions options;
        options.kind = kind;
        dfa::Optimiser optimiser(options, parameters);
        dfa::Matrix gradient = dfa::Matrix::Constant(1, 20, 1e-3f);
        for (std::uint64_t step = 1; step <= 900; ++step) {
            optimiser.begin_step(step, 1e-3);
            optimiser.take(parameter, 0, 1, gradient.data());
            gradient.setZero();
            for (Eigen::Index k = 0; k < 20; ++k) {
                const float m = optimiser.moments()[0](0, k);
                REQUIRE((m == 0.0f || std::fabs(m) > 1e-37f));
            }
        }
        CHECK(optimiser.moments()[0].isZero(0));
    }
}

TEST_CASE("the schedule warms up, decays by a cosine and ends where it should") {
    const dfa::Schedule schedule{.peak = 0.4,
                                 .final_fraction = 0.25,
                                 .decay = dfa::Decay::cosine,
                                 .warmup_steps = 4,
                                 .steps = 104};
    CHECK(schedule.rate(0) == doctest::Approx(0.1));
    CHECK(schedule.rate(1) == doctest::Approx(0.2));
    CHECK(schedule.rate(3) == doctest::Approx(0.4));
    CHECK(schedule.rate(4) == doctest::Approx(0.4));
    CHECK(schedule.rate(54) == doctest::Approx(0.25));  // half way: the middle
    CHECK(schedule.rate(29) == doctest::Approx(0.1 + 0.15 * (1 + std::sqrt(0.5))));  // a quarter
    CHECK(schedule.rate(104) == doctest::Approx(0.1));
    const dfa::Schedule constant{.peak = 0.4, .decay = dfa::Decay::constant, .steps = 10};
    CHECK(constant.rate(0) == 0.4);
    CHECK(constant.rate(9) == 0.4);
}

TEST_CASE("tanh is good to 3e-7 everywhere") {
    std::vector<float> x;
    for (int k = -30000; k <= 30000; ++k) x.push_back(static_cast<float>(k) * 4e-4f);
    for (float special : {0.0f, -0.0f, 1e-30f, -1e-8f, 0.625f, 20.0f, -90.0f, 1e30f}) {
        x.push_back(special);
    }
    std::vector<float> y(x.size());
    dfa::hyperbolic_tangent(y.data(), x.data(), x.size());
    double worst = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const double expected = std::tanh(static_cast<double>(x[k]));
        const double off = std::fabs(static_cast<double>(y[k]) - expected);
        worst = std::max(worst, expected == 0 ? off : off / std::fabs(expected));
    }
    CHECK(worst < 3e-7);
}
