// TrainingTask: a data set with the network and the recipe that belong to it. Made by name:
//
//   mnist, fashion-mnist   784-1024-1024-10 on IDX images   (four files in a folder)
//   cora                   1433-32-7 graph convolution      (three files in a folder)
#pragma once

#include "dfa/batch_source.h"
#include "dfa/feedback.h"
#include "dfa/network.h"
#include "dfa/recipe_settings.h"
#include "dfa/trainer.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace opal::cli {

class TrainingTask {
public:
    virtual ~TrainingTask() = default;
    virtual std::string name() const = 0;
    virtual std::string network_text() const = 0;  // "784-1024-1024-10"
    virtual std::filesystem::path data() const = 0;
    virtual Eigen::Index classes() const = 0;
    virtual std::vector<std::string> class_names() const = 0;
    virtual Eigen::Index feedback_width() const = 0;       // of all hidden blocks together
    virtual std::vector<dfa::Setting> recipe() const = 0;  // as it is after changes
    // The same data, shared, with other changes to the task's own recipe. Throws BadInput.
    virtual std::unique_ptr<TrainingTask> with_recipe(
        const std::vector<std::string>& changes) const = 0;

    // For one run. Everything lives as long as the task or the caller keeps it.
    virtual std::unique_ptr<dfa::BatchSource> source(std::uint64_t seed) const = 0;
    virtual dfa::Network network(std::uint64_t seed) const = 0;
    virtual dfa::DirectFeedbackOptions feedback() const = 0;
    virtual dfa::TrainingOptions training(std::uint64_t seed) const = 0;
};

struct TrainingTaskOptions {
    std::string name;
    std::filesystem::path data{};       // empty: where `opal fetch` or Debian puts it
    std::vector<std::string> recipe{};  // changes to it, "name=value" (dfa/recipe_settings.h)
};

std::vector<std::string> training_task_names();
// Reads all data. Throws BadInput for an unknown name or setting, dfa::DataError for bad files.
std::unique_ptr<TrainingTask> make_training_task(const TrainingTaskOptions& options);

// Throws BadInput if `changes` cannot be made to the recipe of the task; reads no data.
void check_recipe(const std::string& task, const std::vector<std::string>& changes);

}  // namespace opal::cli
