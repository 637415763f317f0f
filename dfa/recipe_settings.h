// RecipeSettings: what a recipe consists of, by name, so that a run can change it and write down
// what it was made with.
//
// A name means the same in every recipe that has it. Values are text that reads back to the same
// number.
#pragma once

#include "dfa/recipes.h"

#include <string>
#include <string_view>
#include <vector>

namespace opal::dfa {

struct Setting {
    std::string name;
    std::string value;
    bool operator==(const Setting&) const = default;
};

// Every setting but the seeds, in a fixed order.
std::vector<Setting> settings_of(const FullyConnectedRecipe& recipe);
std::vector<Setting> settings_of(const GraphRecipe& recipe);

// Throws std::invalid_argument: what was asked, and what would be possible.
void change_setting(FullyConnectedRecipe& recipe, std::string_view name, std::string_view value);
void change_setting(GraphRecipe& recipe, std::string_view name, std::string_view value);

// Name, range and meaning of all settings, one line each, for help texts.
std::string explain_settings();

}  // namespace opal::dfa
