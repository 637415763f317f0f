// LegFeedback: the feedback of one run, set up anew for each leg (training_run.h).
//
// What depends on draws or on light starts each leg from numbers of its own: the quantiser from
// (seed, leg), a simulated bench from the moment at which the leg before left it.
#pragma once

#include "cli/timed_bench.h"
#include "cli/training_run.h"
#include "dfa/feedback.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace opal::cli {

class LegFeedback final : public dfa::Feedback {
public:
    // What a run carries over from leg to leg besides the trainer's state.
    struct Carried {
        sim::BenchMoment moment;
        dfa::ProjectionStats projections;
        std::optional<projection::OpticalHealth> health;
        ProjectionTime time;
        std::string description;  // of the projector, or in words
    };

    LegFeedback(const TrainingTask& task, const dfa::Network& network,
                const TrainingRunOptions& options, const OpticalSetup* optical,
                dfa::Workers& workers, std::stop_token stop);

    // Before the first leg, if the run goes on from a checkpoint.
    void restore(const Carried& carried) { carried_ = carried; }
    void begin_leg(std::uint64_t leg);
    void end_leg();  // the laser is off afterwards
    const Carried& carried() const { return carried_; }

    void begin(const dfa::Matrix& error, float share, dfa::Workers& workers) override;
    bool wants_gradient_from_above() const override {
        return feedback_->wants_gradient_from_above();
    }
    std::optional<dfa::MatrixView> at(std::size_t block, const dfa::Matrix* from_above) override {
        return feedback_->at(block, from_above);
    }
    const dfa::Matrix* projected() const override { return feedback_->projected(); }

private:
    std::unique_ptr<dfa::Projector> make_projector(std::uint64_t leg);

    const TrainingTask& task_;
    const dfa::Network& network_;
    const TrainingRunOptions& options_;
    const OpticalSetup* optical_;
    dfa::Workers& workers_;
    std::stop_token stop_;
    Carried carried_;
    std::unique_ptr<OpenedBench> bench_;
    std::unique_ptr<TimedBench> timed_bench_;
    std::unique_ptr<dfa::Projector> projector_;
    std::unique_ptr<dfa::Feedback> feedback_;
};

}  // namespace opal::cli
