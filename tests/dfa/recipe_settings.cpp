// RecipeSettings: names reach what they name, and values read back.
#include "dfa/recipe_settings.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace opal;

namespace {

template <class Recipe>
std::string value_of(const Recipe& recipe, const std::string& name) {
    for (const auto& setting : dfa::settings_of(recipe)) {
        if (setting.name == name) return setting.value;
    }
    return "missing";
}

}  // namespace

TEST_CASE("settings of image recipes: each name changes its own number") {
    auto recipe = dfa::mnist_recipe(7);
    CHECK(value_of(recipe, "learning_rate") == "0.001");
    CHECK(value_of(recipe, "decay") == "cosine");
    CHECK(value_of(recipe, "batch") == "128");
    dfa::change_setting(recipe, "learning_rate", "2e-3");
    dfa::change_setting(recipe, "shift_px", "1");
    dfa::change_setting(recipe, "validation", "0");
    dfa::change_setting(recipe, "activation", "tanh");
    dfa::change_setting(recipe, "epochs", "3");
    CHECK(recipe.training.learning_rate == 2e-3);
    CHECK(recipe.data.max_shift_px == 1);
    CHECK(recipe.data.validation == 0);
    CHECK(recipe.network.activation == dfa::ActivationKind::tanh);
    CHECK(recipe.training.epochs == 3);
    CHECK(recipe.training.seed == 7);  // seeds are not settings
    dfa::change_setting(recipe, "pixels", "standard");
    dfa::change_setting(recipe, "initialisation", "he");
    dfa::change_setting(recipe, "output_rate", "0.5");
    dfa::change_setting(recipe, "epsilon", "1e-6");
    CHECK(recipe.data.scale == dfa::PixelScale::standard);
    CHECK(recipe.network.hidden_initialisation == dfa::Initialisation::he);
    CHECK(recipe.network.output_rate == 0.5);
    CHECK(recipe.training.optimiser.epsilon == 1e-6f);
}

TEST_CASE("settings of the graph's recipe, and a full copy by its text") {
    auto recipe = dfa::cora_recipe(0);
    CHECK(value_of(recipe, "l2") == "0.0005");
    CHECK(value_of(recipe, "route") == "graph");
    dfa::change_setting(recipe, "route", "node");
    dfa::change_setting(recipe, "input_dropout", "0.25");
    dfa::change_setting(recipe, "dropout", "0.75");
    dfa::change_setting(recipe, "gain", "0.1");
    CHECK(recipe.route == dfa::ErrorRoute::node);
    CHECK(recipe.network.input_dropout == 0.25f);
    CHECK(recipe.network.hidden_dropout == 0.75f);
    auto copy = dfa::cora_recipe(0);
    for (const auto& s : dfa::settings_of(recipe)) dfa::change_setting(copy, s.name, s.value);
    CHECK(copy.feedback.gain == 0.1);
    CHECK(dfa::settings_of(copy) == dfa::settings_of(recipe));
}

TEST_CASE("what is not a setting or not in its range is refused and changes nothing") {
    auto images = dfa::mnist_recipe(0);
    auto graph = dfa::cora_recipe(0);
    const auto before = dfa::settings_of(images);
    CHECK_THROWS_AS(dfa::change_setting(images, "route", "node"), std::invalid_argument);
    CHECK_THROWS_AS(dfa::change_setting(graph, "shift_px", "1"), std::invalid_argument);
    for (const char* bad : {"", "-1", "1x", " 1", "nan", "0x10", "1e400"}) {
        CHECK_THROWS_AS(dfa::change_setting(images, "learning_rate", bad), std::invalid_argument);
    }
    CHECK_THROWS_AS(dfa::change_setting(images, "epochs", "0"), std::invalid_argument);
    CHECK_THROWS_AS(dfa::change_setting(images, "epochs", "1.5"), std::invalid_argument);
    CHECK_THROWS_AS(dfa::change_setting(images, "dropout", "1"), std::invalid_argument);
    CHECK_THROWS_AS(dfa::change_setting(images, "decay", "linear"), std::invalid_argument);
    CHECK(dfa::settings_of(images) == before);
}
