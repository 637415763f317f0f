// Backpropagation and direct feedback on whole networks against brute force in double: the weights
// after a step of plain gradient descent, written out from the formulas.
#include "dfa/alignment.h"
#include "dfa/dense_projector.h"
#include "dfa/feedback.h"
#include "dfa/graph_data.h"
#include "dfa/loss.h"
#include "dfa/network.h"
#include "dfa/optimiser.h"
#include "tests/dfa/reference.h"

#include <doctest/doctest.h>

#include <optional>

using namespace opal;
using tests::largest_difference;
using tests::matrix_of;
using tests::Numbers;
using tests::product;
using tests::Table;
using tests::table_of;
using tests::transposed;

namespace {

// Float sums of at most 40 terms of size about 1, and a step of size 0.1.
constexpr double tolerance = 2e-6;
constexpr double rate = 0.1;

struct Rule {
    enum class Kind { bp, dfa, shallow } kind;
    dfa::ActivationKind activation = dfa::ActivationKind::relu;
    bool routed = false;  // graph only: the error passes through the graph matrix first
};

double f(dfa::ActivationKind kind, double x) {
    return kind == dfa::ActivationKind::relu ? (x > 0 ? x : 0) : std::tanh(x);
}
double f_prime(dfa::ActivationKind kind, double x) {
    if (kind == dfa::ActivationKind::relu) return x > 0 ? 1 : 0;
    return 1 - std::tanh(x) * std::tanh(x);
}

// Networks h(k+1) = f(A h(k) W(k) + c(k)) with A null for fully connected ones: one step of
// gradient descent on the mean loss. weights: W0, c0, W1, c1, ... (c of 0 columns without biases).
void brute_force_step(const Rule& rule, const Table* adjacency, const Table& x,
                      const std::vector<std::int32_t>& labels, std::vector<Table>& weights,
                      const Table& feedback_matrix) {
    const std::size_t layers = weights.size() / 2;
    std::vector<Table> input{x};  // of each layer
    std::vector<Table> sum;       // before the activation
    for (std::size_t k = 0; k < layers; ++k) {
        Table a = product(input[k], weights[2 * k]);
        if (adjacency) a = product(*adjacency, a);
        for (std::size_t r = 0; r < a.rows; ++r) {
            for (std::size_t c = 0; c < weights[2 * k + 1].columns; ++c) {
                a.at(r, c) += weights[2 * k + 1].at(0, c);
            }
        }
        sum.push_back(a);
        if (k + 1 < layers) {
            for (double& cell : a.cells) cell = f(rule.activation, cell);
        }
        input.push_back(a);
    }
    const Table& z = input.back();
    Table e(z.rows, z.columns);
    double labelled = 0;
    for (std::size_t r = 0; r < z.rows; ++r) {
        if (labels[r] < 0) continue;
        ++labelled;
        double total = 0;
        for (std::size_t c = 0; c < z.columns; ++c) total += std::exp(z.at(r, c));
        for (std::size_t c = 0; c < z.columns; ++c) {
            e.at(r, c) = std::exp(z.at(r, c)) / total - (labels[r] == static_cast<int>(c) ? 1 : 0);
        }
    }

    // delta[k]: gradient of the mean loss before layer k's activation, or what stands for it.
    std::vector<Table> delta(layers);
    delta[layers - 1] = e;
    for (double& cell : delta[layers - 1].cells) cell /= labelled;
    std::size_t slice_end = 0;
    for (std::size_t k = 0; k + 1 < layers; ++k) slice_end += weights[2 * k].columns;
    for (std::size_t k = layers - 1; k-- > 0;) {
        const std::size_t width = weights[2 * k].columns;
        Table feedback(z.rows, width);
        if (rule.kind == Rule::Kind::bp) {
            Table above = delta[k + 1];
            if (adjacency) above = product(transposed(*adjacency), above);
            feedback = product(above, transposed(weights[2 * (k + 1)]));
        } else if (rule.kind == Rule::Kind::dfa) {
            const Table sent = rule.routed ? product(*adjacency, e) : e;
            const double gain =
                std::sqrt(static_cast<double>(e.columns) / static_cast<double>(width)) / labelled;
            for (std::size_t r = 0; r < sent.rows; ++r) {
                for (std::size_t c = 0; c < width; ++c) {
                    for (std::size_t i = 0; i < e.columns; ++i) {
                        feedback.at(r, c) +=
                            gain * sent.at(r, i) * feedback_matrix.at(i, slice_end - width + c);
                    }
                }
            }
        }
        slice_end -= width;
        for (std::size_t n = 0; n < feedback.cells.size(); ++n) {
            feedback.cells[n] *= f_prime(rule.activation, sum[k].cells[n]);
        }
        delta[k] = feedback;
    }
    for (std::size_t k = 0; k < layers; ++k) {
        const Table g = adjacency ? product(transposed(*adjacency), delta[k]) : delta[k];
        const Table gradient = product(transposed(input[k]), g);
        for (std::size_t n = 0; n < gradient.cells.size(); ++n) {
            weights[2 * k].cells[n] -= rate * gradient.cells[n];
        }
        for (std::size_t c = 0; c < weights[2 * k + 1].columns; ++c) {
            for (std::size_t r = 0; r < delta[k].rows; ++r) {
                weights[2 * k + 1].at(0, c) -= rate * delta[k].at(r, c);
            }
        }
    }
}

// The same by dfa/, three steps, compared after each.
void check_rule(const Rule& rule, dfa::Network& network, const dfa::SparseMatrix* sparse,
                const Table* adjacency, const Table& x, const std::vector<std::int32_t>& labels) {
    dfa::Workers workers(2);
    Eigen::Index outputs = 3;  // three spare ones
    for (Eigen::Index width : network.hidden_widths()) outputs += width;
    dfa::DenseProjector projector(network.classes(), outputs, 21);
    dfa::Backpropagation backpropagation;
    dfa::NoFeedback nothing;
    dfa::DirectFeedback direct(network, projector,
                               {.gain = 1, .route = rule.routed ? sparse : nullptr});
    dfa::Feedback& feedback = rule.kind == Rule::Kind::bp    ? backpropagation
                              : rule.kind == Rule::Kind::dfa ? static_cast<dfa::Feedback&>(direct)
                                                             : nothing;
    const auto parameters = network.parameters();
    const bool biased = sparse == nullptr;
    std::vector<Table> weights;
    for (const dfa::Parameter* parameter : parameters) {
        weights.push_back(table_of(parameter->value));
        if (!biased) weights.emplace_back(0, 0);
    }
    const std::vector<Table> initial = weights;
    dfa::OptimiserOptions descent;
    descent.kind = dfa::OptimiserKind::momentum;
    descent.momentum = 0;
    dfa::Optimiser optimiser(descent, parameters);
    dfa::Teacher teacher(network);
    dfa::Signal in;
    in.dense = matrix_of(x);
    for (std::uint64_t step = 1; step <= 3; ++step) {
        const dfa::Pass pass{&workers, true, 0, 0};
        dfa::Matrix error;
        const auto score = dfa::softmax_cross_entropy(network.forward(in, pass), labels, &error);
        optimiser.begin_step(step, rate);
        teacher.teach(feedback, error, 1.0f / static_cast<float>(score.labelled), optimiser, pass);
        brute_force_step(rule, adjacency, x, labels, weights, table_of(projector.matrix()));
        for (std::size_t p = 0; p < parameters.size(); ++p) {
            const Table& expected = weights[biased ? p : 2 * p];
            CHECK(largest_difference(table_of(parameters[p]->value), expected) < tolerance);
        }
    }
    // Not an empty comparison: the steps are far larger than the tolerance, and a shallow network's
    // hidden weights have not moved at all.
    for (std::size_t p = 0; p < parameters.size(); ++p) {
        const std::size_t place = biased ? p : 2 * p;
        const double moved = largest_difference(weights[place], initial[place]);
        const bool output_layer = p + (biased ? 2 : 1) >= parameters.size();
        if (rule.kind == Rule::Kind::shallow && !output_layer) {
            CHECK(table_of(parameters[p]->value).cells == initial[place].cells);
        } else {
            CHECK(moved > 1000 * tolerance);
        }
    }
}

}  // namespace

TEST_CASE("fully connected: three steps of each rule against brute force") {
    Numbers numbers(1);
    const Table x = table_of(matrix_of(numbers.table(12, 8)));
    std::vector<std::int32_t> labels;
    for (int k = 0; k < 12; ++k) labels.push_back(k % 4);
    for (Rule::Kind kind : {Rule::Kind::bp, Rule::Kind::dfa, Rule::Kind::shallow}) {
        for (dfa::ActivationKind activation :
             {dfa::ActivationKind::relu, dfa::ActivationKind::tanh}) {
            dfa::FullyConnectedOptions options;
            options.widths = {8, 16, 11, 4};
            options.activation = activation;
            options.hidden_initialisation = dfa::Initialisation::he;  // steps well above rounding
            options.output_initialisation = dfa::Initialisation::he;
            dfa::Network network = dfa::make_fully_connected(options, 5);
            check_rule({kind, activation}, network, nullptr, nullptr, x, labels);
        }
    }
}

TEST_CASE("graph network: three steps of each rule and both error routes against brute force") {
    Numbers numbers(2);
    const std::size_t nodes = 14;
    std::vector<std::pair<std::int32_t, std::int32_t>> edges;
    for (std::int32_t n = 0; n < 14; ++n) edges.emplace_back(n, (n * n + 1) % 14);
    std::erase_if(edges, [](const auto& edge) { return edge.first == edge.second; });
    Table a(nodes, nodes);
    for (std::size_t n = 0; n < nodes; ++n) a.at(n, n) = 1;
    for (const auto& [p, q] : edges) {
        a.at(static_cast<std::size_t>(p), static_cast<std::size_t>(q)) = 1;
        a.at(static_cast<std::size_t>(q), static_cast<std::size_t>(p)) = 1;
    }
    std::vector<double> degree(nodes, 0.0);
    for (std::size_t r = 0; r < nodes; ++r) {
        for (std::size_t c = 0; c < nodes; ++c) degree[r] += a.at(r, c);
    }
    for (std::size_t r = 0; r < nodes; ++r) {
        for (std::size_t c = 0; c < nodes; ++c) a.at(r, c) /= std::sqrt(degree[r] * degree[c]);
    }
    const dfa::SparseMatrix sparse = dfa::normalised_adjacency(14, edges);
    const Table x = table_of(matrix_of(numbers.table(nodes, 9)));
    std::vector<std::int32_t> labels(nodes, dfa::no_label);
    for (std::size_t n = 0; n < 6; ++n) labels[n] = static_cast<std::int32_t>(n % 3);
    const dfa::GraphNetworkOptions options{
        .widths = {9, 7, 3}, .input_dropout = 0, .hidden_dropout = 0, .l2_first = 0};
    for (const Rule& rule :
         {Rule{Rule::Kind::bp}, Rule{Rule::Kind::dfa},
          Rule{Rule::Kind::dfa, dfa::ActivationKind::relu, true}, Rule{Rule::Kind::shallow}}) {
        dfa::Network network = dfa::make_graph_network(sparse, options, 5);
        check_rule(rule, network, &sparse, &a, x, labels);
    }
}

TEST_CASE("backpropagation's update is the numerical gradient of the loss") {
    Numbers numbers(3);
    const Table x = table_of(matrix_of(numbers.table(6, 5)));
    const std::vector<std::int32_t> labels{0, 1, 2, 0, 1, 2};
    dfa::Network network = dfa::make_fully_connected(
        {.widths = {5, 7, 6, 3}, .activation = dfa::ActivationKind::tanh}, 9);
    std::vector<Table> weights;
    for (const dfa::Parameter* parameter : network.parameters()) {
        weights.push_back(table_of(parameter->value));
    }
    const auto loss = [&](const std::vector<Table>& w) {
        Table h = x;
        for (std::size_t k = 0; k < 3; ++k) {
            h = product(h, w[2 * k]);
            for (std::size_t r = 0; r < h.rows; ++r) {
                for (std::size_t c = 0; c < h.columns; ++c) {
                    h.at(r, c) += w[2 * k + 1].at(0, c);
                    if (k < 2) h.at(r, c) = std::tanh(h.at(r, c));
                }
            }
        }
        double sum = 0;
        for (std::size_t r = 0; r < h.rows; ++r) {
            double total = 0;
            for (std::size_t c = 0; c < h.columns; ++c) total += std::exp(h.at(r, c));
            sum += std::log(total) - h.at(r, static_cast<std::size_t>(labels[r]));
        }
        return sum / 6;
    };
    dfa::Workers workers(1);
    const dfa::Pass pass{&workers, true, 0, 0};
    dfa::Signal in;
    in.dense = matrix_of(x);
    dfa::Matrix error;
    dfa::softmax_cross_entropy(network.forward(in, pass), labels, &error);
    dfa::GradientCollector collector(network.parameters());
    dfa::Backpropagation backpropagation;
    dfa::Teacher(network).teach(backpropagation, error, 1.0f / 6, collector, pass);
    for (std::size_t p = 0; p < weights.size(); ++p) {
        const Table expected = tests::numerical_gradient(weights[p], [&](const Table& moved) {
            std::vector<Table> changed = weights;
            changed[p] = moved;
            return loss(changed);
        });
        CHECK(largest_difference(table_of(collector.gradients()[p]), expected) < tolerance);
    }
}
