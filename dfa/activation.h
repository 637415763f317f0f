// Activation: out = f(in) for every component, f = ReLU or tanh.
//
//   at the input: g f'(in), written with the output: ReLU g [out > 0], tanh g (1 - out^2)
#pragma once

#include "dfa/layer.h"

namespace opal::dfa {

enum class ActivationKind { relu, tanh };

class Activation final : public Layer {
public:
    explicit Activation(ActivationKind kind) : kind_(kind) {}

    Eigen::Index width(Eigen::Index inputs) const override { return inputs; }
    void forward(const Signal& in, Signal& out, const Pass& pass) override;
    void backward(const Signal& in, const Signal& out, const MatrixView& at_output,
                  Matrix* at_input, GradientSink& sink, const Pass& pass) override;

private:
    ActivationKind kind_;
};

}  // namespace opal::dfa
