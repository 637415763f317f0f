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

class ImageTask final : public TrainingTask {
public:
    explicit ImageTask(const TrainingTaskOptions& options)
        : options_(options), data_(dfa::load_image_data(options.data)) {
        const auto& images = data_.train.images;
        const auto pixels = static_cast<Eigen::Index>(images.rows) * images.columns;
        widths_ = recipe(0).network.widths;
        widths_.front() = pixels;
    }

    std::string name() const override { return options_.name; }
    std::string network_text() const override { return joined(widths_); }
    std::filesystem::path data() const override { return options_.data; }
    Eigen::Index classes() const override { return widths_.back(); }
    Eigen::Index feedback_width() const override { return hidden_sum(widths_); }

    std::unique_ptr<dfa::BatchSource> source(std::uint64_t seed) const override {
        auto options = recipe(seed).data;
        if (options_.batch > 0) options.batch = options_.batch;
        return std::make_unique<dfa::ImageSource>(data_, options);
    }
    dfa::Network network(std::uint64_t seed) const override {
        auto options = recipe(seed).network;
        options.widths = widths_;
        return dfa::make_fully_connected(options, seed);
    }
    dfa::DirectFeedbackOptions feedback() const override { return recipe(0).feedback; }
    dfa::TrainingOptions training(std::uint64_t seed) const override {
        return recipe(seed).training;
    }

private:
    static dfa::FullyConnectedRecipe recipe(std::uint64_t seed) { return dfa::mnist_recipe(seed); }

    TrainingTaskOptions options_;
    dfa::ImageData data_;
    std::vector<Eigen::Index> widths_;
};

class GraphTask final : public TrainingTask {
public:
    explicit GraphTask(const TrainingTaskOptions& options)
        : options_(options), data_(dfa::load_cora(options.data)) {
        widths_ = dfa::cora_recipe(0).network.widths;
        widths_.front() = data_.words.cols();
        widths_.back() = data_.classes;
        if (options.batch > 0) {
            throw BadInput("--batch: a graph is trained as a whole; leave the option out");
        }
    }

    std::string name() const override { return options_.name; }
    std::string network_text() const override { return joined(widths_); }
    std::filesystem::path data() const override { return options_.data; }
    Eigen::Index classes() const override { return widths_.back(); }
    Eigen::Index feedback_width() const override { return hidden_sum(widths_); }

    std::unique_ptr<dfa::BatchSource> source(std::uint64_t) const override {
        return std::make_unique<dfa::GraphSource>(data_);
    }
    dfa::Network network(std::uint64_t seed) const override {
        auto options = dfa::cora_recipe(seed).network;
        options.widths = widths_;
        return dfa::make_graph_network(data_.adjacency, options, seed);
    }
    dfa::DirectFeedbackOptions feedback() const override {
        return dfa::direct_feedback_options(dfa::cora_recipe(0), data_);
    }
    dfa::TrainingOptions training(std::uint64_t seed) const override {
        return dfa::cora_recipe(seed).training;
    }

private:
    TrainingTaskOptions options_;
    dfa::GraphData data_;
    std::vector<Eigen::Index> widths_;
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
    if (options.name == "cora") return std::make_unique<GraphTask>(options);
    if (options.name == "mnist" || options.name == "fashion-mnist") {
        return std::make_unique<ImageTask>(options);
    }
    throw BadInput(
        fmt::format("unknown task '{}'; there are mnist, fashion-mnist and cora", options.name));
}

}  // namespace opal::cli
