// TrainingTask: the tasks by name, with their networks and recipes. See training_task.h.
#include "cli/training_task.h"

#include "cli/exit_code.h"
#include "cli/fetch/data_folder.h"
#include "dfa/graph_data.h"
#include "dfa/graph_source.h"
#include "dfa/image_data.h"
#include "dfa/image_source.h"
#include "dfa/recipes.h"

#include <fmt/format.h>

#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace opal::cli {

namespace {

constexpr const char* fashion_folder = "/usr/share/datasets/fashion-mnist";

std::string joined(const std::vector<Eigen::Index>& widths) {
    std::string text;
    for (const auto w : widths) text += fmt::format("{}{}", text.empty() ? "" : "-", w);
    return text;
}

Eigen::Index hidden_sum(const std::vector<Eigen::Index>& widths) {
    return std::accumulate(widths.begin() + 1, widths.end() - 1, Eigen::Index{0});
}

// "name=value" changes, applied in order.
template <class Recipe>
Recipe changed(Recipe recipe, const std::vector<std::string>& changes) {
    for (const auto& change : changes) {
        const auto equals = change.find('=');
        if (equals == std::string::npos) {
            throw BadInput(fmt::format("recipe: '{}' is not NAME=VALUE", change));
        }
        try {
            dfa::change_setting(recipe, std::string_view(change).substr(0, equals),
                                std::string_view(change).substr(equals + 1));
        } catch (const std::invalid_argument& e) {
            throw BadInput(e.what());
        }
    }
    return recipe;
}

class ImageTask final : public TrainingTask {
public:
    ImageTask(std::string name, std::filesystem::path folder,
              std::shared_ptr<const dfa::ImageData> data, const std::vector<std::string>& changes)
        : name_(std::move(name)),
          folder_(std::move(folder)),
          data_(std::move(data)),
          recipe_(changed(dfa::mnist_recipe(0), changes)) {
        const auto& images = data_->train.images;
        recipe_.network.widths.front() = static_cast<Eigen::Index>(images.rows) * images.columns;
    }

    std::string name() const override { return name_; }
    std::string network_text() const override { return joined(recipe_.network.widths); }
    std::filesystem::path data() const override { return folder_; }
    Eigen::Index classes() const override { return recipe_.network.widths.back(); }
    std::vector<std::string> class_names() const override {
        std::vector<std::string> digits;
        for (Eigen::Index k = 0; k < classes(); ++k) digits.push_back(fmt::format("{}", k));
        return digits;
    }
    Eigen::Index feedback_width() const override { return hidden_sum(recipe_.network.widths); }
    std::vector<dfa::Setting> recipe() const override { return dfa::settings_of(recipe_); }
    std::unique_ptr<TrainingTask> with_recipe(
        const std::vector<std::string>& changes) const override {
        return std::make_unique<ImageTask>(name_, folder_, data_, changes);
    }

    std::unique_ptr<dfa::BatchSource> source(std::uint64_t seed) const override {
        auto options = recipe_.data;
        options.seed = seed;
        return std::make_unique<dfa::ImageSource>(*data_, options);
    }
    dfa::Network network(std::uint64_t seed) const override {
        return dfa::make_fully_connected(recipe_.network, seed);
    }
    dfa::DirectFeedbackOptions feedback() const override { return recipe_.feedback; }
    dfa::TrainingOptions training(std::uint64_t seed) const override {
        auto options = recipe_.training;
        options.seed = seed;
        return options;
    }

private:
    std::string name_;
    std::filesystem::path folder_;
    std::shared_ptr<const dfa::ImageData> data_;
    dfa::FullyConnectedRecipe recipe_;
};

class GraphTask final : public TrainingTask {
public:
    GraphTask(std::filesystem::path folder, std::shared_ptr<const dfa::GraphData> data,
              const std::vector<std::string>& changes)
        : folder_(std::move(folder)),
          data_(std::move(data)),
          recipe_(changed(dfa::cora_recipe(0), changes)) {
        recipe_.network.widths.front() = data_->words.cols();
        recipe_.network.widths.back() = data_->classes;
    }

    std::string name() const override { return "cora"; }
    std::string network_text() const override { return joined(recipe_.network.widths); }
    std::filesystem::path data() const override { return folder_; }
    Eigen::Index classes() const override { return recipe_.network.widths.back(); }
    std::vector<std::string> class_names() const override { return data_->class_names; }
    Eigen::Index feedback_width() const override { return hidden_sum(recipe_.network.widths); }
    std::vector<dfa::Setting> recipe() const override { return dfa::settings_of(recipe_); }
    std::unique_ptr<TrainingTask> with_recipe(
        const std::vector<std::string>& changes) const override {
        return std::make_unique<GraphTask>(folder_, data_, changes);
    }

    std::unique_ptr<dfa::BatchSource> source(std::uint64_t) const override {
        return std::make_unique<dfa::GraphSource>(*data_);
    }
    dfa::Network network(std::uint64_t seed) const override {
        return dfa::make_graph_network(data_->adjacency, recipe_.network, seed);
    }
    dfa::DirectFeedbackOptions feedback() const override {
        return dfa::direct_feedback_options(recipe_, *data_);
    }
    dfa::TrainingOptions training(std::uint64_t seed) const override {
        auto options = recipe_.training;
        options.seed = seed;
        return options;
    }

private:
    std::filesystem::path folder_;
    std::shared_ptr<const dfa::GraphData> data_;
    dfa::GraphRecipe recipe_;
};

}  // namespace

std::vector<std::string> training_task_names() {
    return {"mnist", "fashion-mnist", "cora"};
}

std::unique_ptr<TrainingTask> make_training_task(const TrainingTaskOptions& asked) {
    TrainingTaskOptions options = asked;
    if (options.data.empty()) {
        options.data = fetch::data_folder(options.name);
        std::error_code unreadable;
        if (!std::filesystem::is_directory(options.data, unreadable)) {
            if (options.name != "fashion-mnist") {
                throw BadInput(
                    fmt::format("{0}: no data in {1}; 'opal fetch {0}' brings it, or "
                                "--data DIR says where it is",
                                options.name, options.data.string()));
            }
            options.data = fashion_folder;
        }
    }
    check_recipe(options.name, options.recipe);
    if (options.name == "cora") {
        return std::make_unique<GraphTask>(
            options.data, std::make_shared<const dfa::GraphData>(dfa::load_cora(options.data)),
            options.recipe);
    }
    return std::make_unique<ImageTask>(
        options.name, options.data,
        std::make_shared<const dfa::ImageData>(dfa::load_image_data(options.data)), options.recipe);
}

void check_recipe(const std::string& task, const std::vector<std::string>& changes) {
    if (task == "cora") {
        changed(dfa::cora_recipe(0), changes);
    } else if (task == "mnist" || task == "fashion-mnist") {
        changed(dfa::mnist_recipe(0), changes);
    } else {
        throw BadInput(
            fmt::format("unknown task '{}'; there are mnist, fashion-mnist and cora", task));
    }
}

}  // namespace opal::cli
