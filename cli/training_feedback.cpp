// LegFeedback: makes what a method needs, leg by leg. See training_feedback.h.
#include "cli/training_feedback.h"

#include "dfa/dense_projector.h"
#include "projection/quantised_projector.h"

#include <algorithm>
#include <cassert>

namespace opal::cli {

namespace {

// Draws the digital feedback matrices; apart from the seeds of weights and order.
constexpr std::uint64_t matrix_seed = 0x6d61747269780000;

// Exposures of different runs are numbered apart, so that no two draw the same noise.
constexpr std::uint64_t exposures_per_run = std::uint64_t{1} << 32;
constexpr std::uint64_t runs = std::uint64_t{1} << 23;

// Bits of a stochastic quantiser's seed: 20 the user's, 12 the leg's, 32 the run's.
std::uint64_t quantiser_seed(std::uint64_t chosen, std::uint64_t seed, std::uint64_t leg) {
    return chosen + (leg << 20) + (seed << 32);
}

void add(dfa::ProjectionStats& sum, const dfa::ProjectionStats& more) {
    sum.vectors += more.vectors;
    sum.acquisitions += more.acquisitions;
    sum.repeats += more.repeats;
}

}  // namespace

LegFeedback::LegFeedback(const TrainingTask& task, const dfa::Network& network,
                         const TrainingRunOptions& options, const OpticalSetup* optical,
                         dfa::Workers& workers, std::stop_token stop)
    : task_(task),
      network_(network),
      options_(options),
      optical_(optical),
      workers_(workers),
      stop_(std::move(stop)) {
    // The first exposures are those of the calibration.
    carried_.moment.exposures = (options.seed % runs + 1) * exposures_per_run;
    if (options.method == "bp") {
        carried_.description = "backpropagation";
        feedback_ = std::make_unique<dfa::Backpropagation>();
    } else if (options.method == "shallow") {
        carried_.description = "none: hidden layers stay random";
        feedback_ = std::make_unique<dfa::NoFeedback>();
    }
}

void LegFeedback::begin_leg(std::uint64_t leg) {
    if (options_.method == "bp" || options_.method == "shallow") return;
    projector_ = make_projector(leg);
    carried_.description = projector_->description();
    feedback_ = std::make_unique<dfa::DirectFeedback>(network_, *projector_, task_.feedback());
}

void LegFeedback::end_leg() {
    if (!projector_) return;
    add(carried_.projections, projector_->stats());
    if (const auto* light = dynamic_cast<projection::OpticalProjector*>(projector_.get())) {
        if (!carried_.health) carried_.health.emplace();
        carried_.health->add(light->health());
    }
    feedback_.reset();
    projector_.reset();
    if (bench_) carried_.moment = bench_->moment().value_or(carried_.moment);
}

void LegFeedback::begin(const dfa::Matrix& error, float share, dfa::Workers& workers) {
    const double begun_s = now_s();
    const double inside_s = timed_bench_ ? timed_bench_->seconds_inside() : 0;
    feedback_->begin(error, share, workers);
    if (!projector_) return;
    carried_.time.add(
        {now_s() - begun_s, timed_bench_ ? timed_bench_->seconds_inside() - inside_s : 0});
}

std::unique_ptr<dfa::Projector> LegFeedback::make_projector(std::uint64_t leg) {
    projection::QuantiserOptions quantiser = options_.quantiser;
    quantiser.seed = quantiser_seed(quantiser.seed, options_.seed, leg);
    if (options_.method == "optical") {
        assert(optical_ != nullptr);
        if (!bench_) {
            bench_ = optical_->open(carried_.moment);
            timed_bench_ = std::make_unique<TimedBench>(bench_->bench());
        }
        return std::make_unique<projection::OpticalProjector>(
            *timed_bench_, optical_->record(),
            projection::OpticalOptions{.inputs = static_cast<int>(task_.classes()),
                                       .outputs = task_.feedback_width(),
                                       .quantiser = quantiser,
                                       .threads = 1,
                                       .stop = stop_});
    }
    auto exact = std::make_unique<dfa::DenseProjector>(task_.classes(), task_.feedback_width(),
                                                       matrix_seed + options_.seed, &workers_);
    if (options_.method == "ternary") {
        return std::make_unique<projection::QuantisedProjector>(std::move(exact), quantiser);
    }
    return exact;
}

}  // namespace opal::cli
