// The two rules, by tiles. See optimiser.h.
#include "dfa/optimiser.h"

#include "dfa/elementwise.h"

#include <cassert>
#include <cmath>

namespace opal::dfa {

namespace {

std::size_t moments_per_parameter(OptimiserKind kind) {
    return kind == OptimiserKind::adam ? 2 : 1;
}

}  // namespace

Optimiser::Optimiser(const OptimiserOptions& options, std::span<Parameter* const> parameters)
    : options_(options) {
    for (const Parameter* parameter : parameters) {
        for (std::size_t k = 0; k < moments_per_parameter(options.kind); ++k) {
            moments_.push_back(Matrix::Zero(parameter->value.rows(), parameter->value.cols()));
        }
    }
}

void Optimiser::begin_step(std::uint64_t step, double rate) {
    assert(step >= 1);
    rate_ = rate;
    bias1_ = 1 - std::pow(static_cast<double>(options_.beta1), static_cast<double>(step));
    bias2_ = 1 - std::pow(static_cast<double>(options_.beta2), static_cast<double>(step));
}

void Optimiser::take(Parameter& parameter, Eigen::Index first, Eigen::Index rows,
                     const float* gradient) {
    const Eigen::Index columns = parameter.value.cols();
    assert(first >= 0 && first + rows <= parameter.value.rows());
    const Eigen::Index from = first * columns;
    const auto count = static_cast<std::size_t>(rows * columns);
    const std::size_t slot = parameter.index * moments_per_parameter(options_.kind);
    float* weight = parameter.value.data() + from;
    if (options_.kind == OptimiserKind::adam) {
        const AdamStep step{static_cast<float>(rate_ * parameter.rate / bias1_),
                            static_cast<float>(1 / std::sqrt(bias2_)),
                            options_.beta1,
                            options_.beta2,
                            options_.epsilon,
                            parameter.l2};
        adam(weight, moments_[slot].data() + from, moments_[slot + 1].data() + from, gradient, step,
             count);
    } else {
        const MomentumStep step{static_cast<float>(rate_ * parameter.rate), options_.momentum,
                                parameter.l2};
        momentum(weight, moments_[slot].data() + from, gradient, step, count);
    }
}

}  // namespace opal::dfa
