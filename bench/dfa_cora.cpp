// What the choices of Cora's recipe are worth: backpropagation, direct feedback with either route
// of the error, and the shallow floor, over seeds.
//
//   bench_dfa_cora DIR SEEDS        DIR holds cora.content, cora.cites and planetoid_split.tsv
//
// The gains are compared on the validation papers only; the test papers are read once per seed and
// row, with the recipe as it is.
#include "dfa/data_error.h"
#include "dfa/dense_projector.h"
#include "dfa/graph_source.h"
#include "dfa/recipes.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace opal::dfa;

enum class Method { bp, dfa, shallow };

struct Mean {
    double sum = 0;
    double squares = 0;
    int count = 0;
    void add(double x) {
        sum += x;
        squares += x * x;
        ++count;
    }
    double mean() const { return sum / count; }
    double deviation() const {
        const double variance = (squares - sum * sum / count) / (count > 1 ? count - 1 : 1);
        return std::sqrt(variance > 0 ? variance : 0);
    }
};

// Seeds 1 .. seeds; the projector's seed is 1000 more.
void measure(const GraphData& data, Method method, ErrorRoute route, double gain, int seeds,
             bool test, const char* name) {
    Mean validation_percent;
    Mean test_percent;
    Workers workers(1);
    for (int k = 1; k <= seeds; ++k) {
        const auto seed = static_cast<std::uint64_t>(k);
        GraphRecipe recipe = cora_recipe(seed);
        recipe.route = route;
        recipe.feedback.gain = gain;
        recipe.training.validate = false;
        recipe.training.test = test;
        GraphSource source(data);
        Network network = make_graph_network(data.adjacency, recipe.network, seed);
        DenseProjector projector(network.classes(), network.hidden_widths()[0], seed + 1000);
        DirectFeedback direct(network, projector, direct_feedback_options(recipe, data));
        Backpropagation backpropagation;
        NoFeedback nothing;
        Feedback& feedback = method == Method::bp    ? static_cast<Feedback&>(backpropagation)
                             : method == Method::dfa ? direct
                                                     : static_cast<Feedback&>(nothing);
        Trainer trainer(network, source, feedback, workers, recipe.training);
        const TrainingResult result = trainer.run();
        validation_percent.add(100 * trainer.evaluate(Part::validation).accuracy());
        if (result.test) test_percent.add(100 * result.test->accuracy());
    }
    std::printf("%-28s %5.0f   %5.2f +- %4.2f", name, gain, validation_percent.mean(),
                validation_percent.deviation());
    if (test) std::printf("   %5.2f +- %4.2f", test_percent.mean(), test_percent.deviation());
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const int seeds = argc == 3 ? std::atoi(argv[2]) : 0;
    if (seeds < 1) {
        std::fprintf(stderr, "usage: bench_dfa_cora DIR SEEDS\n");
        return 2;
    }
    try {
        const GraphData data = load_cora(argv[1]);
        const double gain = cora_recipe(0).feedback.gain;
        std::printf("Cora, 1433-32-7, %d seeds\n", seeds);
        std::printf("%-28s %5s   %-13s   %s\n", "method", "gain", "validation %", "test %");
        measure(data, Method::bp, ErrorRoute::graph, 1, seeds, true, "bp");
        measure(data, Method::dfa, ErrorRoute::node, gain, seeds, true, "dfa, error on its node");
        measure(data, Method::dfa, ErrorRoute::graph, gain, seeds, true, "dfa, along the graph");
        measure(data, Method::shallow, ErrorRoute::graph, 1, seeds, true, "shallow");
        for (double other : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
            measure(data, Method::dfa, ErrorRoute::node, other, seeds, false,
                    "dfa, error on its node");
            measure(data, Method::dfa, ErrorRoute::graph, other, seeds, false,
                    "dfa, along the graph");
        }
    } catch (const DataError& error) {
        std::fprintf(stderr, "bench_dfa_cora: %s\n", error.what());
        return 1;
    }
    return 0;
}
