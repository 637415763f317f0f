// TrainingRun: builds the projector a method needs and trains with it. See training_run.h.
#include "cli/training_run.h"

#include "cli/exit_code.h"
#include "dfa/dense_projector.h"
#include "projection/quantised_projector.h"

#include <fmt/format.h>

#include <cassert>
#include <chrono>
#include <memory>

namespace opal::cli {

namespace {

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// Draws the digital feedback matrices; apart from the seeds of weights and order.
constexpr std::uint64_t matrix_seed = 0x6d61747269780000;

class ProgressObserver final : public dfa::Observer {
public:
    explicit ProgressObserver(Progress& progress) : progress_(progress) {}

    void on_step(const dfa::StepProgress& p) override {
        std::string detail = fmt::format("epoch {}/{}", p.epoch, p.epochs);
        if (p.epoch_so_far.labelled > 0) {
            detail += fmt::format("  training {:.1f} %", 100 * p.epoch_so_far.accuracy());
        }
        if (validation_ >= 0) detail += fmt::format("  validation {:.1f} %", 100 * validation_);
        progress_.update(static_cast<double>(p.step), static_cast<double>(p.steps), detail);
    }
    void on_epoch(const dfa::EpochMetrics& metrics) override {
        if (metrics.validation) validation_ = metrics.validation->accuracy();
    }

private:
    Progress& progress_;
    double validation_ = -1;
};

std::unique_ptr<dfa::Projector> make_projector(const TrainingTask& task,
                                               const TrainingRunOptions& options,
                                               const OpticalSetup& optical, dfa::Workers& workers,
                                               std::stop_token stop) {
    if (options.method == "optical") {
        assert(optical.bench != nullptr && optical.record != nullptr);
        return std::make_unique<projection::OpticalProjector>(
            *optical.bench, *optical.record,
            projection::OpticalOptions{.inputs = static_cast<int>(task.classes()),
                                       .outputs = task.feedback_width(),
                                       .quantiser = options.quantiser,
                                       .threads = 1,
                                       .stop = stop});
    }
    auto exact = std::make_unique<dfa::DenseProjector>(task.classes(), task.feedback_width(),
                                                       matrix_seed + options.seed, &workers);
    if (options.method == "ternary") {
        return std::make_unique<projection::QuantisedProjector>(std::move(exact),
                                                                options.quantiser);
    }
    return exact;
}

}  // namespace

std::vector<std::string> method_names() {
    return {"bp", "dfa", "ternary", "optical", "shallow"};
}

TrainingRun train_once(const TrainingTask& task, const TrainingRunOptions& options,
                       const OpticalSetup& optical, Progress& progress, std::stop_token stop) {
    TrainingRun run;
    run.task = task.name();
    run.network = task.network_text();
    run.method = options.method;
    run.seed = options.seed;

    dfa::Workers workers(options.threads);
    dfa::Network network = task.network(options.seed);
    const auto source = task.source(options.seed);
    std::unique_ptr<dfa::Projector> projector;
    std::unique_ptr<dfa::Feedback> feedback;
    if (options.method == "bp") {
        run.feedback = "backpropagation";
        feedback = std::make_unique<dfa::Backpropagation>();
    } else if (options.method == "shallow") {
        run.feedback = "none: hidden layers stay random";
        feedback = std::make_unique<dfa::NoFeedback>();
    } else {
        projector = make_projector(task, options, optical, workers, stop);
        run.feedback = projector->description();
        feedback = std::make_unique<dfa::DirectFeedback>(network, *projector, task.feedback());
    }

    dfa::TrainingOptions training = task.training(options.seed);
    if (options.epochs > 0) training.epochs = options.epochs;
    training.alignment = options.alignment;
    training.clock_s = now_s;
    dfa::Trainer trainer(network, *source, *feedback, workers, training);
    ProgressObserver observer(progress);
    const double begin_s = now_s();
    run.result = trainer.run(&observer, stop);
    run.seconds = now_s() - begin_s;
    if (run.result.interrupted) throw calibration::Interrupted();
    if (projector) run.projections = projector->stats();
    if (const auto* light = dynamic_cast<projection::OpticalProjector*>(projector.get())) {
        run.health = light->health();
    }
    return run;
}

}  // namespace opal::cli
