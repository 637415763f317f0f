// Block: layers that learn together from one feedback at their output.
//
//   input -> [layer -> layer -> ...] -> output        feedback arrives at the output
//
// A network is a row of blocks. Inside a block the gradient runs backwards as usual; between blocks
// it need not: whoever trains decides what each block is told (feedback.h).
#pragma once

#include "dfa/layer.h"

#include <memory>
#include <vector>

namespace opal::dfa {

class Block {
public:
    explicit Block(std::vector<std::unique_ptr<Layer>> layers);

    // `in` must stay as it is until backward() has been called.
    const Signal& forward(const Signal& in, const Pass& pass);
    const Matrix& output() const { return signals_.back().dense; }

    // feedback: what the block takes for the gradient of the loss at its output. at_input: takes
    // the gradient at the block's input, or null.
    void backward(const MatrixView& feedback, Matrix* at_input, GradientSink& sink,
                  const Pass& pass);

    Eigen::Index width(Eigen::Index inputs) const;
    std::vector<Parameter*> parameters();

private:
    std::vector<std::unique_ptr<Layer>> layers_;
    std::size_t first_trained_ = 0;  // layers before it have no parameters
    const Signal* input_ = nullptr;  // of the last forward
    std::vector<Signal> signals_;    // output of each layer
    std::vector<Matrix> gradients_;  // at the input of each layer
};

}  // namespace opal::dfa
