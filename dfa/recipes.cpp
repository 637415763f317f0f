// The recipes. See recipes.h.
#include "dfa/recipes.h"

namespace opal::dfa {

FullyConnectedRecipe mnist_recipe(std::uint64_t seed) {
    FullyConnectedRecipe recipe;
    recipe.data.seed = seed;
    recipe.training.seed = seed;
    return recipe;
}

GraphRecipe cora_recipe(std::uint64_t seed) {
    GraphRecipe recipe;
    // Chosen on validation (docs/training.md). With Adam a factor common to all gradients would not
    // matter, but L2 and epsilon are on the gradients' own scale: weak feedback loses against them.
    recipe.feedback.gain = 16;
    recipe.training.epochs = 200;
    recipe.training.learning_rate = 0.01;
    recipe.training.decay = Decay::constant;
    recipe.training.warmup_epochs = 0;
    recipe.training.seed = seed;
    return recipe;
}

DirectFeedbackOptions direct_feedback_options(const GraphRecipe& recipe, const GraphData& data) {
    DirectFeedbackOptions options = recipe.feedback;
    options.route = recipe.route == ErrorRoute::graph ? &data.adjacency : nullptr;
    return options;
}

}  // namespace opal::dfa
