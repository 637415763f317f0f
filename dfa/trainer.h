// Trainer: batches -> forward -> loss -> feedback -> local updates, epoch by epoch.
//
//   for each batch:  logits = network(input)                          network.h
//                    error  = softmax(logits) - onehot(labels)        loss.h
//                    feedback at each hidden block's output           feedback.h
//                    each block: local gradients -> optimiser         block.h, optimiser.h
//
// Prints nothing, reads no clock, touches no file. With the same data, options and seeds every run
// gives the same bytes, however many workers there are and wherever it was interrupted and resumed.
#pragma once

#include "dfa/batch_source.h"
#include "dfa/feedback.h"
#include "dfa/feedback_statistics.h"
#include "dfa/loss.h"
#include "dfa/network.h"
#include "dfa/optimiser.h"
#include "dfa/schedule.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace opal::dfa {

struct TrainingOptions {
    std::uint32_t epochs = 20;
    OptimiserOptions optimiser;
    double learning_rate = 1e-3;  // peak
    double final_fraction = 0;    // of the peak, at the end of cosine decay
    Decay decay = Decay::cosine;
    double warmup_epochs = 0.5;
    std::uint64_t seed = 0;           // of dropout
    bool validate = true;             // score the validation part after each epoch, if there is one
    bool alignment = false;           // measure it after each epoch (alignment.h)
    bool test = true;                 // score the test part, once, after the last epoch
    std::function<double()> clock_s;  // for EpochMetrics::elapsed_s; may be empty
};

struct EpochMetrics {
    std::uint32_t epoch = 0;   // 1 is the first
    double learning_rate = 0;  // of its last step
    Score training;            // batch by batch while learning, dropout on
    std::optional<Score> validation;
    std::vector<double> alignment_deg;  // per hidden block, if asked for, as are these:
    std::vector<FeedbackStatistics> feedback;
    double elapsed_s = 0;  // since the start, pauses of resumed runs not counted
};

struct StepProgress {
    std::uint64_t step = 0;  // done so far
    std::uint64_t steps = 0;
    std::uint32_t epoch = 0;  // 1 is the first
    std::uint32_t epochs = 0;
    Score epoch_so_far;
};

class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_step(const StepProgress&) {}
    virtual void on_epoch(const EpochMetrics&) {}
};

// All that is needed to go on: with weights and moments of step n, and nothing else, a run
// continues to the same bytes. A projector with a state of its own must be put back by its owner.
struct TrainingState {
    std::uint64_t step = 0;
    std::vector<Matrix> weights;  // in the order of Network::parameters()
    std::vector<Matrix> moments;  // Optimiser::moments()
    std::vector<EpochMetrics> epochs;
    Score epoch_so_far;
    double elapsed_s = 0;
};

struct TrainingResult {
    std::vector<EpochMetrics> epochs;
    std::optional<Score> test;  // empty if interrupted or not asked for
    bool interrupted = false;
    std::uint64_t steps = 0;  // done
};

class Trainer {
public:
    // Everything passed by reference must outlive the trainer. Throws std::invalid_argument if
    // network and data do not fit.
    Trainer(Network& network, BatchSource& source, Feedback& feedback, Workers& workers,
            const TrainingOptions& options);

    // Goes on from the present step to the end, or to the first step after a stop request; may then
    // be called again. Throws std::runtime_error if the loss is no longer a number.
    TrainingResult run(Observer* observer = nullptr, std::stop_token stop = {});

    std::uint64_t steps() const { return schedule_.steps; }
    // Between run() calls, or from an observer.
    TrainingState state() const;
    // Throws std::invalid_argument if the state is of another network, optimiser or length.
    void restore(const TrainingState& state);

    // Loss and accuracy over one part; dropout off.
    Score evaluate(Part part);

private:
    void learn_one_batch();
    void finish_epoch(Observer* observer);
    double elapsed_s() const;

    Network& network_;
    BatchSource& source_;
    Feedback& feedback_;
    Workers& workers_;
    TrainingOptions options_;
    std::vector<Parameter*> parameters_;
    Optimiser optimiser_;
    Schedule schedule_;
    Teacher teacher_;

    std::uint64_t step_ = 0;
    std::vector<EpochMetrics> epochs_;
    Score epoch_so_far_;
    double elapsed_before_s_ = 0;
    std::optional<double> started_s_;
    Matrix error_;
};

}  // namespace opal::dfa
