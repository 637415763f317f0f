// A (in W): the words are narrowed to the layer's width first, then mixed along the citations. See
// graph_convolution.h.
#include "dfa/graph_convolution.h"

#include <cassert>

namespace opal::dfa {

namespace {

DenseOptions without_bias(DenseOptions options) {
    options.bias = false;
    return options;
}

}  // namespace

GraphConvolution::GraphConvolution(const SparseMatrix& adjacency, DenseOptions options,
                                   std::uint64_t seed, std::size_t index)
    : adjacency_(adjacency), weights_(without_bias(options), seed, index) {
    assert(adjacency.rows() == adjacency.cols());
}

Eigen::Index GraphConvolution::width(Eigen::Index inputs) const {
    return weights_.width(inputs);
}

void GraphConvolution::forward(const Signal& in, Signal& out, const Pass& pass) {
    assert(in.rows() == adjacency_.rows());
    weights_.forward(in, mixed_, pass);
    out.is_sparse = false;
    adjacency_.multiply(mixed_.dense, out.dense, *pass.workers);
}

void GraphConvolution::backward(const Signal& in, const Signal&, const MatrixView& at_output,
                                Matrix* at_input, GradientSink& sink, const Pass& pass) {
    adjacency_.multiply_transposed({at_output.data(), at_output.outerStride()}, at_output.cols(),
                                   routed_, *pass.workers);
    weights_.backward(in, mixed_, routed_, at_input, sink, pass);
}

std::vector<Parameter*> GraphConvolution::parameters() {
    return weights_.parameters();
}

}  // namespace opal::dfa
