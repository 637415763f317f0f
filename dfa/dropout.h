// Dropout: while training, each component is 0 with probability `rate`, else divided by 1 - rate
// [Srivastava 2014, section 10]; otherwise out = in. Takes dense and sparse input (stored entries).
//
// Whether a component is dropped depends on seed, step, layer and place only.
#pragma once

#include "dfa/layer.h"

namespace opal::dfa {

class Dropout final : public Layer {
public:
    // rate: [0, 1). `number` tells the dropout layers of a network apart (below 2^8).
    Dropout(float rate, std::uint32_t number);

    Eigen::Index width(Eigen::Index inputs) const override { return inputs; }
    void forward(const Signal& in, Signal& out, const Pass& pass) override;
    void backward(const Signal& in, const Signal& out, const MatrixView& at_output,
                  Matrix* at_input, GradientSink& sink, const Pass& pass) override;

private:
    void draw(const Pass& pass, Eigen::Index row, std::size_t count, float* factors) const;

    float rate_;
    std::uint32_t number_;
    Matrix factors_;  // 0 or 1 / (1 - rate), of the last forward while training; else empty
};

}  // namespace opal::dfa
