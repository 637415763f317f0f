// GraphConvolution: out = A in W [Kipf 2017, eq. 2], A the normalised adjacency, no bias.
//
//   gradient of W: in' A' g      at the input: A' g W'
//
// with g the gradient at the output. A couples the rows (nodes) of a batch, so a batch is the
// graph.
#pragma once

#include "dfa/dense.h"

namespace opal::dfa {

class GraphConvolution final : public Layer {
public:
    // `adjacency` is shared by all layers of a network and must outlive them. options.bias is
    // ignored.
    GraphConvolution(const SparseMatrix& adjacency, DenseOptions options, std::uint64_t seed,
                     std::size_t index);

    Eigen::Index width(Eigen::Index inputs) const override;
    void forward(const Signal& in, Signal& out, const Pass& pass) override;
    void backward(const Signal& in, const Signal& out, const MatrixView& at_output,
                  Matrix* at_input, GradientSink& sink, const Pass& pass) override;
    std::vector<Parameter*> parameters() override;

private:
    const SparseMatrix& adjacency_;
    Dense weights_;
    Signal mixed_;   // in W
    Matrix routed_;  // A' g
};

}  // namespace opal::dfa
