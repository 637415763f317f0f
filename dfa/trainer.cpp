// The loop over batches and epochs. See trainer.h.
#include "dfa/trainer.h"

#include "dfa/alignment.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace opal::dfa {

Trainer::Trainer(Network& network, BatchSource& source, Feedback& feedback, Workers& workers,
                 const TrainingOptions& options)
    : network_(network),
      source_(source),
      feedback_(feedback),
      workers_(workers),
      options_(options),
      parameters_(network.parameters()),
      optimiser_(options.optimiser, parameters_),
      teacher_(network) {
    if (network.inputs() != source.inputs() || network.classes() != source.classes()) {
        throw std::invalid_argument(
            "the network maps " + std::to_string(network.inputs()) + " inputs to " +
            std::to_string(network.classes()) + " classes, but the data has " +
            std::to_string(source.inputs()) + " and " + std::to_string(source.classes()));
    }
    if (options.epochs < 1) throw std::invalid_argument("training needs at least one epoch");
    const auto per_epoch = static_cast<std::uint64_t>(source.training_batches());
    schedule_.peak = options.learning_rate;
    schedule_.final_fraction = options.final_fraction;
    schedule_.decay = options.decay;
    schedule_.warmup_steps =
        static_cast<std::uint64_t>(options.warmup_epochs * static_cast<double>(per_epoch));
    schedule_.steps = per_epoch * options.epochs;
}

TrainingResult Trainer::run(Observer* observer, std::stop_token stop) {
    if (options_.clock_s) started_s_ = options_.clock_s();
    const auto per_epoch = static_cast<std::uint64_t>(source_.training_batches());
    TrainingResult result;
    while (step_ < schedule_.steps && !stop.stop_requested()) {
        learn_one_batch();
        if (observer != nullptr) {
            observer->on_step({step_, schedule_.steps,
                               static_cast<std::uint32_t>((step_ - 1) / per_epoch) + 1,
                               options_.epochs, epoch_so_far_});
        }
        if (step_ % per_epoch == 0) finish_epoch(observer);
    }
    result.interrupted = step_ < schedule_.steps;
    if (options_.test && !result.interrupted) result.test = evaluate(Part::test);
    result.epochs = epochs_;
    result.steps = step_;
    elapsed_before_s_ = elapsed_s();
    started_s_.reset();
    return result;
}

void Trainer::learn_one_batch() {
    const auto per_epoch = static_cast<std::uint64_t>(source_.training_batches());
    const Pass pass{&workers_, true, options_.seed, static_cast<std::uint32_t>(step_)};
    const Batch batch =
        source_.training_batch(static_cast<std::uint32_t>(step_ / per_epoch),
                               static_cast<Eigen::Index>(step_ % per_epoch), workers_);
    const Matrix& logits = network_.forward(*batch.input, pass);
    const Score score = softmax_cross_entropy(logits, batch.labels, &error_);
    if (!std::isfinite(score.loss_sum)) {
        throw std::runtime_error("training diverged: the loss of step " +
                                 std::to_string(step_ + 1) +
                                 " is not a finite number; a lower learning rate may help");
    }
    epoch_so_far_.add(score);
    if (score.labelled > 0) {
        optimiser_.begin_step(step_ + 1, schedule_.rate(step_));
        teacher_.teach(feedback_, error_, 1.0f / static_cast<float>(score.labelled), optimiser_,
                       pass);
    }
    ++step_;
}

void Trainer::finish_epoch(Observer* observer) {
    EpochMetrics metrics;
    metrics.epoch = static_cast<std::uint32_t>(epochs_.size()) + 1;
    metrics.learning_rate = schedule_.rate(step_ - 1);
    metrics.training = epoch_so_far_;
    epoch_so_far_ = {};
    if (options_.validate && source_.evaluation_batches(Part::validation) > 0) {
        metrics.validation = evaluate(Part::validation);
    }
    if (options_.alignment) {
        const Batch batch = source_.training_batch(metrics.epoch - 1, 0, workers_);
        Alignment alignment = measure_alignment(network_, feedback_, batch, workers_);
        metrics.alignment_deg = std::move(alignment.angles_deg);
        metrics.feedback = std::move(alignment.feedback);
    }
    metrics.elapsed_s = elapsed_s();
    epochs_.push_back(metrics);
    if (observer != nullptr) observer->on_epoch(epochs_.back());
}

double Trainer::elapsed_s() const {
    return started_s_ ? elapsed_before_s_ + (options_.clock_s() - *started_s_) : elapsed_before_s_;
}

Score Trainer::evaluate(Part part) {
    const Pass pass{&workers_, false, 0, 0};
    Score score;
    for (Eigen::Index k = 0; k < source_.evaluation_batches(part); ++k) {
        const Batch batch = source_.evaluation_batch(part, k, workers_);
        score.add(
            softmax_cross_entropy(network_.forward(*batch.input, pass), batch.labels, nullptr));
    }
    return score;
}

TrainingState Trainer::state() const {
    TrainingState state;
    state.step = step_;
    for (const Parameter* parameter : parameters_) state.weights.push_back(parameter->value);
    state.moments = optimiser_.moments();
    state.epochs = epochs_;
    state.epoch_so_far = epoch_so_far_;
    state.elapsed_s = elapsed_s();
    return state;
}

void Trainer::restore(const TrainingState& state) {
    const auto same_shapes = [](const Matrix& a, const Matrix& b) {
        return a.rows() == b.rows() && a.cols() == b.cols();
    };
    bool fits =
        state.weights.size() == parameters_.size() &&
        state.moments.size() == optimiser_.moments().size() && state.step <= schedule_.steps &&
        state.epochs.size() == state.step / static_cast<std::uint64_t>(source_.training_batches());
    for (std::size_t k = 0; fits && k < parameters_.size(); ++k) {
        fits = same_shapes(state.weights[k], parameters_[k]->value);
    }
    for (std::size_t k = 0; fits && k < state.moments.size(); ++k) {
        fits = same_shapes(state.moments[k], optimiser_.moments()[k]);
    }
    if (!fits) {
        throw std::invalid_argument(
            "the saved state does not fit: it is of another network, optimiser or number of steps");
    }
    for (std::size_t k = 0; k < parameters_.size(); ++k) parameters_[k]->value = state.weights[k];
    optimiser_.moments() = state.moments;
    step_ = state.step;
    epochs_ = state.epochs;
    epoch_so_far_ = state.epoch_so_far;
    elapsed_before_s_ = state.elapsed_s;
    started_s_.reset();
}

}  // namespace opal::dfa
