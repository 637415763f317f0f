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
    recipe.training.epochs = 200;
    recipe.training.learning_rate = 0.01;
    recipe.training.decay = Decay::constant;
    recipe.training.warmup_epochs = 0;
    recipe.training.seed = seed;
    return recipe;
}

}  // namespace opal::dfa
