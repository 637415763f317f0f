// Network: a row of blocks, the last one giving the logits.
//
//   input -> block 0 -> block 1 -> ... -> output block -> logits (batch, classes)
//
// All but the last are hidden blocks: those that direct feedback reaches.
#pragma once

#include "dfa/activation.h"
#include "dfa/block.h"
#include "dfa/dense.h"

#include <cstdint>
#include <vector>

namespace opal::dfa {

class Network {
public:
    // Each block's output width must fit the next one's input (asserts).
    Network(Eigen::Index inputs, std::vector<Block> blocks);

    // The logits, valid until the next call. `in` must stay as it is until learning is done with
    // it.
    const Matrix& forward(const Signal& in, const Pass& pass);

    Eigen::Index inputs() const { return inputs_; }
    Eigen::Index classes() const { return widths_.back(); }
    std::size_t hidden_blocks() const { return blocks_.size() - 1; }
    Block& block(std::size_t index) { return blocks_[index]; }
    // Widths of the hidden blocks' outputs, in order: how a projection is sliced.
    std::vector<Eigen::Index> hidden_widths() const;
    // In the order of blocks and layers; Parameter::index is the position here.
    std::vector<Parameter*> parameters();

private:
    Eigen::Index inputs_;
    std::vector<Block> blocks_;
    std::vector<Eigen::Index> widths_;  // of each block's output
};

// Dense layers with an activation after each hidden one, one block each: 784-1024-1024-10 is
// widths {784, 1024, 1024, 10}. Biases start at 0.
struct FullyConnectedOptions {
    std::vector<Eigen::Index> widths{784, 1024, 1024, 10};
    ActivationKind activation = ActivationKind::relu;
    Initialisation hidden_initialisation = Initialisation::small;
    Initialisation output_initialisation = Initialisation::small;
    float l2 = 0;            // on all weights
    float dropout = 0;       // after each hidden activation
    double output_rate = 1;  // multiplies the learning rate of the output layer
};
Network make_fully_connected(const FullyConnectedOptions& options, std::uint64_t seed);

// Graph convolutions with ReLU between them and dropout before each [Kipf 2017, section 3.1]:
// 1433-32-7 is widths {1433, 32, 7}. Weights after Glorot, no biases.
//   hidden block: dropout, graph convolution, ReLU, dropout      output block: graph convolution
// The second dropout belongs to the hidden block, so that components dropped in the forward pass do
// not learn from this step's feedback, whatever sends it.
struct GraphNetworkOptions {
    std::vector<Eigen::Index> widths{1433, 32, 7};
    float input_dropout = 0.5f;
    float hidden_dropout = 0.5f;
    float l2_first = 5e-4f;  // on the first layer only
    double output_rate = 1;  // multiplies the learning rate of the output layer
    ActivationKind activation = ActivationKind::relu;
};
// `adjacency` must outlive the network.
Network make_graph_network(const SparseMatrix& adjacency, const GraphNetworkOptions& options,
                           std::uint64_t seed);

}  // namespace opal::dfa
