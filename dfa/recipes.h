// Recipes: the settings behind every number in docs/training.md, as defaults for the program.
#pragma once

#include "dfa/feedback.h"
#include "dfa/graph_data.h"
#include "dfa/image_source.h"
#include "dfa/network.h"
#include "dfa/trainer.h"

namespace opal::dfa {

struct FullyConnectedRecipe {
    FullyConnectedOptions network;
    ImageSourceOptions data;
    DirectFeedbackOptions feedback;
    TrainingOptions training;
};
// 784-1024-1024-10, ReLU, Adam 1e-3, half an epoch of warm-up, cosine decay to 0, batch 128,
// 20 epochs, 55,000 images to train and 5,000 to validate. One seed for weights, order and dropout;
// the split stays the same for all.
FullyConnectedRecipe mnist_recipe(std::uint64_t seed);

// Where a node's error is projected. Measured on validation, graph is the better one by far
// (docs/training.md).
enum class ErrorRoute {
    node,   // it stays on its node: the paper's order
    graph,  // it goes along the citations first, as backpropagation's does
};

struct GraphRecipe {
    GraphNetworkOptions network;
    ErrorRoute route = ErrorRoute::graph;
    DirectFeedbackOptions feedback;  // without the route, which needs the data: see below
    TrainingOptions training;
};
// 1433-32-7, ReLU, Adam 1e-2 without decay, 200 epochs, dropout 0.5, L2 5e-4 on the first layer
// [Kipf 2017, section 5.2].
GraphRecipe cora_recipe(std::uint64_t seed);

// recipe.feedback with the recipe's route; `data` must outlive the feedback made with it.
DirectFeedbackOptions direct_feedback_options(const GraphRecipe& recipe, const GraphData& data);

}  // namespace opal::dfa
