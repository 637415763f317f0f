// The table of settings. See recipe_settings.h.
#include "dfa/recipe_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

namespace opal::dfa {

namespace {

template <class Recipe>
struct Field {
    std::string name;
    std::string range;
    std::string meaning;
    std::function<std::string(const Recipe&)> get;
    std::function<bool(Recipe&, std::string_view)> set;  // false: not in the range
};

template <class Number>
bool parse(std::string_view text, Number& into) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, into);
    return error == std::errc() && stop == end;
}

// place: Recipe& -> reference to the number. [low, high], or [low, high) with `open`.
template <class Recipe, class Place>
Field<Recipe> number(std::string name, double low, double high, bool open, std::string meaning,
                     Place place) {
    using Number = std::remove_reference_t<decltype(place(std::declval<Recipe&>()))>;
    const std::string end = high > 1e300 ? "..." : fmt::format("{}{}", open ? "below " : "", high);
    Field<Recipe> field;
    field.name = std::move(name);
    field.range = fmt::format("{} to {}", low, end);
    field.meaning = std::move(meaning);
    field.get = [place](const Recipe& recipe) {
        return fmt::format("{}", place(const_cast<Recipe&>(recipe)));
    };
    field.set = [place, low, high, open](Recipe& recipe, std::string_view text) {
        Number value{};
        if (!parse(text, value)) return false;
        const auto size = static_cast<double>(value);
        if (!(size >= low && (open ? size < high : size <= high))) return false;
        place(recipe) = value;
        return true;
    };
    return field;
}

template <class Recipe, class Value, class Place>
Field<Recipe> choice(std::string name, std::vector<std::pair<std::string, Value>> words,
                     std::string meaning, Place place) {
    Field<Recipe> field;
    field.name = std::move(name);
    for (const auto& [word, value] : words) {
        field.range += (field.range.empty() ? "" : " or ") + word;
    }
    field.meaning = std::move(meaning);
    field.get = [place, words](const Recipe& recipe) {
        for (const auto& [word, value] : words) {
            if (value == place(const_cast<Recipe&>(recipe))) return word;
        }
        return std::string("?");
    };
    field.set = [place, words](Recipe& recipe, std::string_view text) {
        for (const auto& [word, value] : words) {
            if (word != text) continue;
            place(recipe) = value;
            return true;
        }
        return false;
    };
    return field;
}

constexpr double endless = std::numeric_limits<double>::infinity();

template <class Recipe>
std::vector<Field<Recipe>> common_fields() {
    std::vector<Field<Recipe>> f;
    f.push_back(number<Recipe>(
        "epochs", 1, 100000, false, "passes over the training data",
        [](Recipe & r) -> auto& { return r.training.epochs; }));
    f.push_back(number<Recipe>(
        "learning_rate", 0, endless, true, "of Adam, at its peak",
        [](Recipe & r) -> auto& { return r.training.learning_rate; }));
    f.push_back(number<Recipe>(
        "output_rate", 0, endless, true, "multiplies the learning rate of the output layer",
        [](Recipe & r) -> auto& { return r.network.output_rate; }));
    f.push_back(number<Recipe>(
        "epsilon", 0, endless, true, "of Adam",
        [](Recipe & r) -> auto& { return r.training.optimiser.epsilon; }));
    f.push_back(choice<Recipe, Decay>(
        "decay", {{"constant", Decay::constant}, {"cosine", Decay::cosine}},
        "of the learning rate after warm-up",
        [](Recipe & r) -> auto& { return r.training.decay; }));
    f.push_back(number<Recipe>(
        "final_fraction", 0, 1, false, "of the peak, where cosine decay ends",
        [](Recipe & r) -> auto& { return r.training.final_fraction; }));
    f.push_back(number<Recipe>(
        "warmup_epochs", 0, 100000, false, "of linear warm-up",
        [](Recipe & r) -> auto& { return r.training.warmup_epochs; }));
    f.push_back(number<Recipe>(
        "gain", 0, endless, true, "of direct feedback (docs/training.md)",
        [](Recipe & r) -> auto& { return r.feedback.gain; }));
    f.push_back(choice<Recipe, ActivationKind>(
        "activation", {{"relu", ActivationKind::relu}, {"tanh", ActivationKind::tanh}},
        "of hidden layers", [](Recipe & r) -> auto& { return r.network.activation; }));
    return f;
}

std::vector<Field<FullyConnectedRecipe>> fields_of(const FullyConnectedRecipe*) {
    using R = FullyConnectedRecipe;
    auto f = common_fields<R>();
    f.push_back(number<R>(
        "l2", 0, endless, true, "on all weights", [](R & r) -> auto& { return r.network.l2; }));
    f.push_back(number<R>(
        "dropout", 0, 1, true, "of hidden components",
        [](R & r) -> auto& { return r.network.dropout; }));
    f.push_back(choice<R, Initialisation>(
        "initialisation",
        {{"small", Initialisation::small},
         {"he", Initialisation::he},
         {"glorot", Initialisation::glorot}},
        "of hidden weights", [](R & r) -> auto& { return r.network.hidden_initialisation; }));
    f.push_back(choice<R, PixelScale>(
        "pixels", {{"unit", PixelScale::unit}, {"standard", PixelScale::standard}},
        "0 to 1, or mean 0 and deviation 1 over the training set",
        [](R & r) -> auto& { return r.data.scale; }));
    f.push_back(number<R>(
        "batch", 1, 1 << 20, false, "images per step",
        [](R & r) -> auto& { return r.data.batch; }));
    f.push_back(number<R>(
        "validation", 0, 1e9, false,
        "training images kept out of training to choose by; 0: train on all",
        [](R & r) -> auto& { return r.data.validation; }));
    f.push_back(number<R>(
        "shift_px", 0, 1000, false, "training images are moved by up to so many pixels",
        [](R & r) -> auto& { return r.data.max_shift_px; }));
    return f;
}

std::vector<Field<GraphRecipe>> fields_of(const GraphRecipe*) {
    using R = GraphRecipe;
    auto f = common_fields<R>();
    f.push_back(number<R>(
        "l2", 0, endless, true, "on the first layer's weights",
        [](R & r) -> auto& { return r.network.l2_first; }));
    f.push_back(number<R>(
        "dropout", 0, 1, true, "of hidden components",
        [](R & r) -> auto& { return r.network.hidden_dropout; }));
    f.push_back(number<R>(
        "input_dropout", 0, 1, true, "of words",
        [](R & r) -> auto& { return r.network.input_dropout; }));
    f.push_back(choice<R, ErrorRoute>(
        "route", {{"node", ErrorRoute::node}, {"graph", ErrorRoute::graph}},
        "of the error before it is projected", [](R & r) -> auto& { return r.route; }));
    return f;
}

template <class Recipe>
std::vector<Setting> all_settings(const Recipe& recipe) {
    std::vector<Setting> settings;
    for (const auto& field : fields_of(&recipe))
        settings.push_back({field.name, field.get(recipe)});
    return settings;
}

template <class Recipe>
void change(Recipe& recipe, std::string_view name, std::string_view value) {
    std::string names;
    for (const auto& field : fields_of(&recipe)) {
        names += (names.empty() ? "" : ", ") + field.name;
        if (field.name != name) continue;
        if (field.set(recipe, value)) return;
        throw std::invalid_argument(fmt::format("recipe: {}={}: possible is {} ({})", name, value,
                                                field.range, field.meaning));
    }
    throw std::invalid_argument(
        fmt::format("recipe: this task has no setting '{}'; there are {}", name, names));
}

template <class Recipe>
std::string explained(const std::vector<Field<Recipe>>& fields, std::size_t from,
                      const char* where) {
    std::string text;
    for (std::size_t k = from; k < fields.size(); ++k) {
        text += fmt::format("  {:<15} {:<18} {}{}\n", fields[k].name, fields[k].range,
                            fields[k].meaning, where);
    }
    return text;
}

}  // namespace

std::vector<Setting> settings_of(const FullyConnectedRecipe& recipe) {
    return all_settings(recipe);
}

std::vector<Setting> settings_of(const GraphRecipe& recipe) {
    return all_settings(recipe);
}

void change_setting(FullyConnectedRecipe& recipe, std::string_view name, std::string_view value) {
    change(recipe, name, value);
}

void change_setting(GraphRecipe& recipe, std::string_view name, std::string_view value) {
    change(recipe, name, value);
}

std::string explain_settings() {
    const FullyConnectedRecipe* const images = nullptr;
    const GraphRecipe* const graph = nullptr;
    const auto common = common_fields<FullyConnectedRecipe>();
    return explained(common, 0, "") + explained(fields_of(images), common.size(), " (images)") +
           explained(fields_of(graph), common.size(), " (graph)");
}

}  // namespace opal::dfa
