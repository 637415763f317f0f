// MNIST and Cora themselves, where they are: in OPAL_DATA_DIR, or where the build was told to look.
#include "dfa/dense_projector.h"
#include "dfa/graph_source.h"
#include "dfa/recipes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

using namespace opal;

namespace {

// Empty if the data is not on this machine.
std::filesystem::path data_folder(const char* name) {
    const char* from_environment = std::getenv("OPAL_DATA_DIR");
    const std::filesystem::path top = from_environment ? from_environment : OPAL_TEST_DATA_DIR;
    const std::filesystem::path folder = top / name;
    if (std::filesystem::is_directory(folder)) return folder;
    MESSAGE("skipped: no ", folder.string(), "; set OPAL_DATA_DIR to run this");
    return {};
}

}  // namespace

TEST_CASE("MNIST loads whole, and three short epochs of direct feedback already read digits") {
    const auto folder = data_folder("mnist");
    if (folder.empty()) return;
    dfa::ImageData data = dfa::load_image_data(folder);
    CHECK(data.train.images.count == 60000);
    CHECK(data.test.images.count == 10000);
    CHECK(data.train.images.rows == 28);
    CHECK(data.train.images.columns == 28);
    // Known of the set: the first label is 5, and there are 6,742 ones.
    CHECK(data.train.labels[0] == 5);
    CHECK(std::count(data.train.labels.begin(), data.train.labels.end(), 1) == 6742);

    // 6,000 of the images, a tenth of the work.
    data.train.images.count = 6000;
    data.train.images.pixels.resize(6000 * 784);
    data.train.labels.resize(6000);
    dfa::FullyConnectedRecipe recipe = dfa::mnist_recipe(1);
    recipe.data.validation = 1000;
    recipe.training.epochs = 3;
    dfa::Workers workers(2);
    dfa::ImageSource source(data, recipe.data);
    dfa::Network network = dfa::make_fully_connected(recipe.network, 1);
    dfa::DenseProjector projector(10, 2048, 2, &workers);
    dfa::DirectFeedback feedback(network, projector, recipe.feedback);
    dfa::Trainer trainer(network, source, feedback, workers, recipe.training);
    const dfa::TrainingResult result = trainer.run();
    MESSAGE("test accuracy ", result.test->accuracy());
    CHECK(result.test->accuracy() > 0.85);  // a linear classifier reaches 0.85 on as many images
}

TEST_CASE("Cora loads with its published numbers and the recipe reaches its usual accuracy") {
    const auto folder = data_folder("cora");
    if (folder.empty()) return;
    const dfa::GraphData data = dfa::load_cora(folder);
    CHECK(data.nodes() == 2708);
    CHECK(data.words.cols() == 1433);
    CHECK(data.classes == 7);
    CHECK(data.edges == 5278);
    CHECK(data.words.values().size() == 49216);
    dfa::GraphSource source(data);
    CHECK(source.samples(dfa::Part::training) == 140);
    CHECK(source.samples(dfa::Part::validation) == 500);
    CHECK(source.samples(dfa::Part::test) == 1000);

    dfa::Workers workers(2);
    const auto accuracy = [&](bool direct, dfa::ErrorRoute route) {
        dfa::GraphRecipe recipe = dfa::cora_recipe(1);
        recipe.route = route;
        dfa::Network network = dfa::make_graph_network(data.adjacency, recipe.network, 1);
        dfa::DenseProjector projector(7, 32, 2);
        dfa::Backpropagation backpropagation;
        dfa::DirectFeedback feedback(network, projector,
                                     dfa::direct_feedback_options(recipe, data));
        dfa::Trainer trainer(network, source,
                             direct ? static_cast<dfa::Feedback&>(feedback) : backpropagation,
                             workers, recipe.training);
        return trainer.run().test->accuracy();
    };
    const double bp = accuracy(false, dfa::ErrorRoute::graph);
    const double graph = accuracy(true, dfa::ErrorRoute::graph);
    const double node = accuracy(true, dfa::ErrorRoute::node);
    MESSAGE("test accuracy bp ", bp, ", dfa along the graph ", graph, ", dfa on the node ", node);
    // Published for bp: 0.815 [Kipf 2017, table 2]. The spread from seed to seed is 0.006 with bp
    // and along the graph, 0.008 on the node; five of them below the means of docs/training.md.
    CHECK(bp > 0.785);
    CHECK(graph > 0.785);
    CHECK(node > 0.765);
}
