// TrainingRun: trains leg by leg and keeps the state. See training_run.h.
#include "cli/training_run.h"

#include "cli/training_checkpoint.h"
#include "cli/training_feedback.h"
#include "cli/version.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli {

namespace {

// Long enough that setting up the light again costs nothing beside it, short enough that a killed
// run loses little.
constexpr std::uint64_t steps_per_leg = 400;

// Shows progress; at the end of a leg saves the state and begins the next one.
class LegObserver final : public dfa::Observer {
public:
    LegObserver(Progress& progress, dfa::Trainer& trainer, LegFeedback& feedback,
                std::uint32_t epochs_per_leg, const Checkpoint* checkpoint)
        : progress_(progress),
          trainer_(trainer),
          feedback_(feedback),
          epochs_per_leg_(epochs_per_leg),
          checkpoint_(checkpoint) {}

    void on_step(const dfa::StepProgress& p) override {
        std::string detail = fmt::format("epoch {}/{}", p.epoch, p.epochs);
        if (p.epoch_so_far.labelled > 0) {
            detail += fmt::format("  training {:.1f} %", 100 * p.epoch_so_far.accuracy());
        }
        if (validation_ >= 0) detail += fmt::format("  validation {:.1f} %", 100 * validation_);
        progress_.update(static_cast<double>(p.step), static_cast<double>(p.steps), detail);
        last_ = p.step == p.steps;
    }
    void on_epoch(const dfa::EpochMetrics& metrics) override {
        if (metrics.validation) validation_ = metrics.validation->accuracy();
        const bool leg_ends = metrics.epoch % epochs_per_leg_ == 0;
        if (!leg_ends && !last_) return;
        feedback_.end_leg();
        if (checkpoint_ != nullptr) checkpoint_->save(trainer_.state(), feedback_.carried());
        if (!last_) feedback_.begin_leg(metrics.epoch / epochs_per_leg_);
    }

private:
    Progress& progress_;
    dfa::Trainer& trainer_;
    LegFeedback& feedback_;
    std::uint32_t epochs_per_leg_;
    const Checkpoint* checkpoint_;
    double validation_ = -1;
    bool last_ = false;
};

}  // namespace

std::vector<std::string> method_names() {
    return {"bp", "dfa", "ternary", "optical", "shallow"};
}

TrainingRun planned_run(const TrainingTask& task, const TrainingRunOptions& options,
                        const OpticalSetup* optical) {
    TrainingRun run;
    run.task = task.name();
    run.network = task.network_text();
    run.method = options.method;
    run.seed = options.seed;
    run.recipe = task.recipe();
    run.alignment = options.alignment;
    if (options.method == "ternary" || options.method == "optical") {
        run.quantiser = options.quantiser;
    }
    if (options.method == "optical" && optical != nullptr) run.bench = optical->used();
    run.program = program_version();
    return run;
}

TrainingRun train_once(const TrainingTask& task, const TrainingRunOptions& options,
                       const OpticalSetup* optical, Progress& progress, std::stop_token stop) {
    TrainingRun run = planned_run(task, options, optical);
    dfa::Workers workers(options.threads);
    dfa::Network network = task.network(options.seed);
    const auto source = task.source(options.seed);
    LegFeedback feedback(task, network, options, optical, workers, stop);

    dfa::TrainingOptions training = task.training(options.seed);
    training.alignment = options.alignment;
    training.test = options.test;
    training.clock_s = now_s;
    dfa::Trainer trainer(network, *source, feedback, workers, training);
    const auto per_epoch = static_cast<std::uint64_t>(source->training_batches());
    const auto epochs_per_leg =
        static_cast<std::uint32_t>((steps_per_leg + per_epoch - 1) / per_epoch);

    std::optional<Checkpoint> checkpoint;
    std::uint32_t epochs_done = 0;
    if (!options.checkpoint.empty()) {
        checkpoint.emplace(options.checkpoint, run);
        std::string stale;
        const auto kept = checkpoint->load(stale);
        if (!stale.empty() && options.note) options.note(stale + ": the run begins anew");
        if (kept) {
            trainer.restore(kept->state);
            feedback.restore(kept->carried);
            epochs_done = static_cast<std::uint32_t>(kept->state.epochs.size());
        }
    }
    if (epochs_done < training.epochs) feedback.begin_leg(epochs_done / epochs_per_leg);
    LegObserver observer(progress, trainer, feedback, epochs_per_leg,
                         checkpoint ? &*checkpoint : nullptr);
    run.result = trainer.run(&observer, stop);
    if (run.result.interrupted) throw calibration::Interrupted();
    run.seconds = trainer.state().elapsed_s;
    run.feedback = feedback.carried().description;
    run.projections = feedback.carried().projections;
    run.health = feedback.carried().health;
    run.projection_time = feedback.carried().time;
    if (options.trained) options.trained(network, *source, workers);
    return run;
}

}  // namespace opal::cli
