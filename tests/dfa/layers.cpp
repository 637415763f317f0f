// Every layer against its formula in double, and its backward pass against numerical derivatives of
// that formula: dfa/ computes in float, the derivative is of the double twin.
#include "dfa/activation.h"
#include "dfa/alignment.h"
#include "dfa/block.h"
#include "dfa/dense.h"
#include "dfa/dropout.h"
#include "dfa/graph_convolution.h"
#include "dfa/graph_data.h"
#include "dfa/loss.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

#include <functional>

using namespace opal;
using tests::largest_difference;
using tests::matrix_of;
using tests::Numbers;
using tests::Table;
using tests::table_of;

namespace {

// Sums here have at most 40 terms of size below 4, so float results are good to about
// 40 * 4 * 2^-24 = 1e-5; central differences with step 1e-5 in double add less than 1e-9.
constexpr double tolerance = 2e-5;

dfa::Signal dense_signal(const Table& t) {
    dfa::Signal signal;
    signal.dense = matrix_of(t);
    return signal;
}

// L = sum of weight * output: its gradient at the output is `weight`.
double weighted_sum(const Table& output, const Table& weight) {
    double sum = 0;
    for (std::size_t k = 0; k < output.cells.size(); ++k) sum += output.cells[k] * weight.cells[k];
    return sum;
}

// Checks forward and backward of `layer` at input `x`. twin(x, parameters) is the layer's formula.
void check_layer(dfa::Layer& layer, const Table& x,
                 const std::function<Table(const Table&, const std::vector<Table>&)>& twin) {
    dfa::Workers workers(2);
    const dfa::Pass pass{&workers, true, 11, 5};
    std::vector<Table> parameters;
    for (const dfa::Parameter* parameter : layer.parameters()) {
        parameters.push_back(table_of(parameter->value));
    }
    const dfa::Signal in = dense_signal(x);
    dfa::Signal out;
    layer.forward(in, out, pass);
    CHECK(largest_difference(table_of(out.dense), twin(x, parameters)) < tolerance);

    // The gradient comes as a slice of something wider, as feedback does.
    Numbers numbers(99);
    const Table weight = table_of(matrix_of(numbers.table(out.dense.rows(), out.dense.cols())));
    dfa::Matrix wide = dfa::Matrix::Constant(out.dense.rows(), out.dense.cols() + 5, 7);
    wide.middleCols(2, out.dense.cols()) = matrix_of(weight);
    dfa::GradientCollector collector(layer.parameters());
    dfa::Matrix at_input;
    layer.backward(in, out, wide.middleCols(2, out.dense.cols()), &at_input, collector, pass);
    const Table numerical = tests::numerical_gradient(
        x, [&](const Table& moved) { return weighted_sum(twin(moved, parameters), weight); });
    CHECK(largest_difference(table_of(at_input), numerical) < tolerance);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
        const Table expected = tests::numerical_gradient(parameters[p], [&](const Table& moved) {
            std::vector<Table> changed = parameters;
            changed[p] = moved;
            return weighted_sum(twin(x, changed), weight);
        });
        CHECK(largest_difference(table_of(collector.gradients()[p]), expected) < tolerance);
    }
}

Table with_bias(Table y, const Table& bias) {
    for (std::size_t r = 0; r < y.rows; ++r) {
        for (std::size_t c = 0; c < y.columns; ++c) y.at(r, c) += bias.at(0, c);
    }
    return y;
}

Table each(Table t, double (*f)(double)) {
    for (double& cell : t.cells) cell = f(cell);
    return t;
}

double relu(double x) {
    return x > 0 ? x : 0;
}

// A ring of `nodes` with a chord, normalised by hand: value 1 / sqrt(degree degree), self included.
Table ring_adjacency(std::size_t nodes) {
    Table a(nodes, nodes);
    for (std::size_t n = 0; n < nodes; ++n) {
        a.at(n, n) = 1;
        a.at(n, (n + 1) % nodes) = 1;
        a.at((n + 1) % nodes, n) = 1;
    }
    a.at(0, 3) = a.at(3, 0) = 1;
    std::vector<double> degree(nodes, 0.0);
    for (std::size_t r = 0; r < nodes; ++r) {
        for (std::size_t c = 0; c < nodes; ++c) degree[r] += a.at(r, c);
    }
    for (std::size_t r = 0; r < nodes; ++r) {
        for (std::size_t c = 0; c < nodes; ++c) a.at(r, c) /= std::sqrt(degree[r] * degree[c]);
    }
    return a;
}

dfa::SparseMatrix ring(int nodes) {
    std::vector<std::pair<std::int32_t, std::int32_t>> edges;
    for (int n = 0; n < nodes; ++n) edges.emplace_back(n, (n + 1) % nodes);
    edges.emplace_back(3, 0);
    edges.emplace_back(0, 3);  // given twice, as in citation lists
    return dfa::normalised_adjacency(nodes, edges);
}

}  // namespace

TEST_CASE("dense layer") {
    Numbers numbers(1);
    dfa::Dense layer({.inputs = 9, .outputs = 6}, 3, 0);
    layer.parameters()[1]->value = matrix_of(numbers.table(1, 6));  // a bias that is not 0
    check_layer(layer, table_of(matrix_of(numbers.table(8, 9))),
                [](const Table& x, const std::vector<Table>& p) {
                    return with_bias(tests::product(x, p[0]), p[1]);
                });
}

TEST_CASE("the gradient of a large dense layer is delivered once per row") {
    // 700 x 900 floats are more than one tile.
    dfa::Dense layer({.inputs = 700, .outputs = 900, .bias = false}, 3, 0);
    Numbers numbers(4);
    const Table x = table_of(matrix_of(numbers.table(3, 700)));
    const Table g = table_of(matrix_of(numbers.table(3, 900)));
    const Table expected = tests::product(tests::transposed(x), g);
    class Counter final : public dfa::GradientSink {
    public:
        Table sum{700, 900};
        std::vector<int> taken = std::vector<int>(700);
        void take(dfa::Parameter&, Eigen::Index first, Eigen::Index rows,
                  const float* gradient) override {
            for (Eigen::Index r = 0; r < rows; ++r) {
                ++taken[static_cast<std::size_t>(first + r)];
                for (std::size_t c = 0; c < 900; ++c) {
                    sum.at(static_cast<std::size_t>(first + r), c) =
                        static_cast<double>(gradient[static_cast<std::size_t>(r) * 900 + c]);
                }
            }
        }
    };
    for (int threads : {1, 3}) {
        dfa::Workers workers(threads);
        const dfa::Pass pass{&workers, true, 0, 0};
        const dfa::Signal in = dense_signal(x);
        dfa::Signal out;
        layer.forward(in, out, pass);
        Counter counter;
        layer.backward(in, out, matrix_of(g), nullptr, counter, pass);
        CHECK(largest_difference(counter.sum, expected) < tolerance);
        for (int times : counter.taken) REQUIRE(times == 1);
    }
}

TEST_CASE("activations") {
    // Away from ReLU's kink by more than the step of the numerical derivative.
    Numbers numbers(2);
    Table x = numbers.table(7, 11, 3);
    for (double& cell : x.cells) {
        if (std::fabs(cell) < 1e-3) cell = 0.5;
    }
    x = table_of(matrix_of(x));
    dfa::Activation rectifier(dfa::ActivationKind::relu);
    check_layer(rectifier, x,
                [](const Table& t, const std::vector<Table>&) { return each(t, relu); });
    dfa::Activation hyperbolic(dfa::ActivationKind::tanh);
    check_layer(hyperbolic, x,
                [](const Table& t, const std::vector<Table>&) { return each(t, std::tanh); });
}

TEST_CASE("graph convolution") {
    Numbers numbers(3);
    const dfa::SparseMatrix adjacency = ring(8);
    const Table a = ring_adjacency(8);
    dfa::GraphConvolution layer(adjacency, {.inputs = 5, .outputs = 4}, 3, 0);
    check_layer(layer, table_of(matrix_of(numbers.table(8, 5))),
                [&](const Table& x, const std::vector<Table>& p) {
                    return tests::product(a, tests::product(x, p[0]));
                });
}

TEST_CASE("a layer gives the same for words stored sparse and dense") {
    Numbers numbers(5);
    Table x(8, 30);
    std::vector<dfa::SparseEntry> entries;
    for (std::size_t r = 0; r < x.rows; ++r) {
        for (std::size_t c = r % 3; c < x.columns; c += 4) {
            x.at(r, c) = 0.25;
            entries.push_back({static_cast<std::int32_t>(r), static_cast<std::int32_t>(c), 0.25f});
        }
    }
    dfa::Workers workers(2);
    const dfa::Pass pass{&workers, true, 0, 0};
    dfa::Dense layer({.inputs = 30, .outputs = 6}, 3, 0);
    dfa::Signal words;
    words.sparse = dfa::SparseMatrix(8, 30, entries);
    words.is_sparse = true;
    dfa::Signal out;
    layer.forward(words, out, pass);
    const Table w = table_of(layer.parameters()[0]->value);
    CHECK(largest_difference(table_of(out.dense), tests::product(x, w)) < tolerance);
    const Table g = table_of(matrix_of(numbers.table(8, 6)));
    dfa::GradientCollector collector(layer.parameters());
    layer.backward(words, out, matrix_of(g), nullptr, collector, pass);
    CHECK(largest_difference(table_of(collector.gradients()[0]),
                             tests::product(tests::transposed(x), g)) < tolerance);
}

TEST_CASE("dropout drops its share, scales the rest, and sends gradients the same way") {
    dfa::Workers workers(2);
    dfa::Dropout layer(0.25f, 3);
    dfa::Signal in;
    in.dense = dfa::Matrix::Constant(200, 150, 2);
    dfa::Signal out;
    layer.forward(in, out, {&workers, true, 7, 4});
    const auto dropped = (out.dense.array() == 0).count();
    CHECK((out.dense.array() == 0 || (out.dense.array() - 2 / 0.75f).abs() < 1e-6f).all());
    // 30,000 draws, p = 1/4: sigma = sqrt(30000 * 3 / 16) = 75. Five sigma.
    CHECK(std::abs(static_cast<double>(dropped) - 7500) < 375);
    dfa::GradientCollector none({});
    dfa::Matrix at_input;
    layer.backward(in, out, dfa::Matrix::Constant(200, 150, 3), &at_input, none,
                   {&workers, true, 7, 4});
    CHECK(((out.dense.array() == 0) == (at_input.array() == 0)).all());
    CHECK((at_input.array() == 0 || (at_input.array() - 4).abs() < 1e-6f).all());

    dfa::Signal again;
    dfa::Workers one(1);
    layer.forward(in, again, {&one, true, 7, 4});
    CHECK(again.dense == out.dense);
    for (const dfa::Pass& other :
         {dfa::Pass{&workers, true, 7, 5}, dfa::Pass{&workers, true, 8, 4}}) {
        layer.forward(in, again, other);
        CHECK(again.dense != out.dense);
    }
    dfa::Dropout elsewhere(0.25f, 2);
    elsewhere.forward(in, again, {&workers, true, 7, 4});
    CHECK(again.dense != out.dense);

    layer.forward(in, again, {&workers, false, 7, 4});
    CHECK(again.dense == in.dense);
}

TEST_CASE("dropout of sparse words keeps the pattern and drops entries") {
    std::vector<dfa::SparseEntry> entries;
    for (std::int32_t r = 0; r < 100; ++r) {
        for (std::int32_t c = 0; c < 50; ++c) entries.push_back({r, 3 * c, 1.0f});
    }
    dfa::Signal in;
    in.sparse = dfa::SparseMatrix(100, 150, entries);
    in.is_sparse = true;
    dfa::Workers workers(2);
    dfa::Dropout layer(0.5f, 0);
    dfa::Signal out;
    layer.forward(in, out, {&workers, true, 7, 4});
    CHECK(out.is_sparse);
    CHECK(&out.sparse.pattern() == &in.sparse.pattern());
    int dropped = 0;
    for (float value : out.sparse.values()) {
        REQUIRE((value == 0.0f || value == 2.0f));
        dropped += value == 0.0f ? 1 : 0;
    }
    CHECK(std::abs(dropped - 2500) < 5 * 36);  // sigma = sqrt(5000 / 4) = 35.4
    layer.forward(in, out, {&workers, false, 7, 4});
    CHECK(out.sparse.values() == in.sparse.values());
}

TEST_CASE("softmax cross-entropy and its error") {
    Numbers numbers(6);
    const Table z = table_of(matrix_of(numbers.table(5, 4, 3)));
    const std::vector<std::int32_t> labels{2, 0, dfa::no_label, 3, 1};
    const auto loss_of = [&](const Table& t) {
        double sum = 0;
        for (std::size_t r = 0; r < t.rows; ++r) {
            if (labels[r] < 0) continue;
            double total = 0;
            for (std::size_t c = 0; c < t.columns; ++c) total += std::exp(t.at(r, c));
            sum -= std::log(std::exp(t.at(r, static_cast<std::size_t>(labels[r]))) / total);
        }
        return sum;
    };
    dfa::Matrix error;
    const dfa::Score score = dfa::softmax_cross_entropy(matrix_of(z), labels, &error);
    CHECK(score.labelled == 4);
    CHECK(score.loss_sum == doctest::Approx(loss_of(z)).epsilon(1e-12));
    CHECK(score.loss() == doctest::Approx(loss_of(z) / 4).epsilon(1e-12));
    CHECK(largest_difference(table_of(error), tests::numerical_gradient(z, loss_of)) < 1e-7);
    CHECK((error.row(2).array() == 0).all());
    // Logits far apart neither overflow nor lose the answer.
    dfa::Matrix far(2, 3);
    far << 900, -900, 0, -2000, 1000, 990;
    const std::vector<std::int32_t> far_labels{0, 2};
    const dfa::Score far_score = dfa::softmax_cross_entropy(far, far_labels, &error);
    CHECK(far_score.correct == 1);
    CHECK(far_score.loss_sum == doctest::Approx(10 + std::log1p(std::exp(-10.0))));
    CHECK(error.allFinite());
}

TEST_CASE("a block hands gradients through all its layers, with or without one at its input") {
    Numbers numbers(8);
    const dfa::SparseMatrix adjacency = ring(6);
    const Table a = ring_adjacency(6);
    std::vector<std::unique_ptr<dfa::Layer>> layers;
    layers.push_back(std::make_unique<dfa::Dense>(dfa::DenseOptions{.inputs = 5, .outputs = 7}, 1,
                                                  std::size_t{0}));
    layers.push_back(std::make_unique<dfa::Activation>(dfa::ActivationKind::tanh));
    layers.push_back(std::make_unique<dfa::GraphConvolution>(
        adjacency, dfa::DenseOptions{.inputs = 7, .outputs = 3}, std::uint64_t{1}, std::size_t{2}));
    layers.push_back(std::make_unique<dfa::Activation>(dfa::ActivationKind::tanh));
    dfa::Block block(std::move(layers));
    CHECK(block.width(5) == 3);
    std::vector<Table> parameters;
    for (const dfa::Parameter* parameter : block.parameters()) {
        parameters.push_back(table_of(parameter->value));
    }
    const Table x = table_of(matrix_of(numbers.table(6, 5)));
    const Table weight = table_of(matrix_of(numbers.table(6, 3)));
    const auto value = [&](const Table& in, const std::vector<Table>& p) {
        const Table h = each(with_bias(tests::product(in, p[0]), p[1]), std::tanh);
        return weighted_sum(each(tests::product(a, tests::product(h, p[2])), std::tanh), weight);
    };
    dfa::Workers workers(2);
    const dfa::Pass pass{&workers, true, 0, 0};
    const dfa::Signal in = dense_signal(x);
    block.forward(in, pass);
    for (bool wanted : {true, false}) {
        dfa::GradientCollector collector(block.parameters());
        dfa::Matrix at_input;
        block.backward(matrix_of(weight), wanted ? &at_input : nullptr, collector, pass);
        if (wanted) {
            const Table expected = tests::numerical_gradient(
                x, [&](const Table& moved) { return value(moved, parameters); });
            CHECK(largest_difference(table_of(at_input), expected) < tolerance);
        }
        for (std::size_t p = 0; p < parameters.size(); ++p) {
            const Table expected =
                tests::numerical_gradient(parameters[p], [&](const Table& moved) {
                    std::vector<Table> changed = parameters;
                    changed[p] = moved;
                    return value(x, changed);
                });
            CHECK(largest_difference(table_of(collector.gradients()[p]), expected) < tolerance);
        }
    }
}

TEST_CASE("initial weights fill the range of their rule") {
    struct Rule {
        dfa::Initialisation rule;
        double limit;
    };
    // limit^2 = 6 / inputs, 6 / (inputs + outputs), 1 / inputs, with 200 inputs and 100 outputs
    for (const Rule& rule : {Rule{dfa::Initialisation::he, std::sqrt(6.0 / 200)},
                             Rule{dfa::Initialisation::glorot, std::sqrt(6.0 / 300)},
                             Rule{dfa::Initialisation::small, std::sqrt(1.0 / 200)}}) {
        dfa::Dense layer({.inputs = 200, .outputs = 100, .initialisation = rule.rule}, 5, 0);
        const dfa::Matrix& w = layer.weights().value;
        const double largest = static_cast<double>(w.cwiseAbs().maxCoeff());
        CHECK(largest <= rule.limit * (1 + 1e-6));
        CHECK(largest > rule.limit * 0.999);  // P(none of 20,000 above) = 0.999^20000 = 2e-9
        // Variance limit^2 / 3; relative standard error sqrt(0.8 / 20000) = 0.6 %. Five of them.
        const double variance = static_cast<double>(w.squaredNorm()) / 20000;
        CHECK(variance == doctest::Approx(rule.limit * rule.limit / 3).epsilon(0.032));
        CHECK((layer.parameters()[1]->value.array() == 0).all());
    }
}
