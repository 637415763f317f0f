// Dense: out = in W (+ bias), W (inputs, outputs). Takes dense and sparse input.
//
//   gradient of W: in' g      of the bias: column sums of g      at the input: g W'
//
// with g the gradient at the output. The gradient of W is made in tiles of rows small enough for
// the second-level cache and handed to the sink one by one, so it never travels to memory and back.
#pragma once

#include "dfa/layer.h"
#include "dfa/random.h"

namespace opal::dfa {

// Uniform in [-limit, limit]; biases start at 0.
enum class Initialisation {
    he,      // limit^2 = 6 / inputs: keeps the variance through ReLU [He 2015, eq. 10]
    glorot,  // limit^2 = 6 / (inputs + outputs) [Glorot 2010, eq. 16]
    small,   // limit^2 = 1 / inputs
};

struct DenseOptions {
    Eigen::Index inputs = 0;
    Eigen::Index outputs = 0;
    bool bias = true;
    Initialisation initialisation = Initialisation::he;
    float l2 = 0;     // on W, not on the bias
    double rate = 1;  // multiplies the learning rate, of both
};

class Dense final : public Layer {
public:
    // `index`: number of W among the network's parameters; with `seed` it selects the random
    // numbers and becomes Parameter::index (the bias has index + 1).
    Dense(const DenseOptions& options, std::uint64_t seed, std::size_t index);

    Eigen::Index width(Eigen::Index inputs) const override;
    void forward(const Signal& in, Signal& out, const Pass& pass) override;
    void backward(const Signal& in, const Signal& out, const MatrixView& at_output,
                  Matrix* at_input, GradientSink& sink, const Pass& pass) override;
    std::vector<Parameter*> parameters() override;

    const Parameter& weights() const { return weights_; }

private:
    Parameter weights_;
    Parameter bias_;
    bool has_bias_;
    std::vector<Matrix> workspace_;  // one gradient tile per worker
};

}  // namespace opal::dfa
