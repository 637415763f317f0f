// Optimiser: a gradient sink that changes the weights.
//
// Both rules treat every weight by itself, so a gradient can be used tile by tile, on any thread,
// as soon as it is finished.
#pragma once

#include "dfa/layer.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opal::dfa {

enum class OptimiserKind { adam, momentum };

struct OptimiserOptions {
    OptimiserKind kind = OptimiserKind::adam;
    // Adam [Kingma 2015, algorithm 1]
    float beta1 = 0.9f;
    float beta2 = 0.999f;
    float epsilon = 1e-8f;
    // momentum: velocity = momentum velocity + gradient; weight -= rate velocity
    float momentum = 0.9f;
};

class Optimiser final : public GradientSink {
public:
    // Parameter::index must be the position in `parameters`.
    Optimiser(const OptimiserOptions& options, std::span<Parameter* const> parameters);

    // Before the take() calls of a step. step: 1, 2, ... (Adam's t); rate: the learning rate.
    void begin_step(std::uint64_t step, double rate);
    void take(Parameter& parameter, Eigen::Index first, Eigen::Index rows,
              const float* gradient) override;

    // What must be kept besides the weights to go on later, one matrix after the other in the order
    // of parameters: Adam mean and mean square, momentum the velocity.
    std::vector<Matrix>& moments() { return moments_; }
    const std::vector<Matrix>& moments() const { return moments_; }

private:
    OptimiserOptions options_;
    double rate_ = 0;
    double bias1_ = 1;  // 1 - beta1^t
    double bias2_ = 1;
    std::vector<Matrix> moments_;
};

}  // namespace opal::dfa
