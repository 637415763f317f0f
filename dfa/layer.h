// Layer: one step of a network, and everything learning may ask of it.
//
//   in --[layer]--> out          forward
//   at_input <--[layer]-- at_output, and the gradient of the layer's own parameters      backward
//
// A layer knows neither the loss nor where the gradient at its output comes from: backpropagation
// and direct feedback look the same from here.
#pragma once

#include "dfa/projector.h"
#include "dfa/sparse.h"
#include "dfa/workers.h"

#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace opal::dfa {

// A matrix, or a range of columns of one (a slice of feedback), without a copy.
using MatrixView = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;

// What passes between layers: one sample per row. Sparse only where words enter a network.
struct Signal {
    Matrix dense;
    SparseMatrix sparse;
    bool is_sparse = false;

    Eigen::Index rows() const { return is_sparse ? sparse.rows() : dense.rows(); }
    Eigen::Index cols() const { return is_sparse ? sparse.cols() : dense.cols(); }
};

// A trained matrix (a bias is one row). `index` is its place in the network; `l2` is the factor of
// the penalty l2 |w|^2 / 2 added to the loss; `rate` multiplies the learning rate.
struct Parameter {
    std::string name;
    Matrix value;
    float l2 = 0;
    double rate = 1;
    std::size_t index = 0;
};

// Takes gradients as they are finished.
//
// For layers: call take() once per row of every parameter and pass, after the last use of the
// parameter in this pass: an optimiser changes it there and then, while the gradient is in cache.
// For sinks: take() is called from several threads at once, never twice for one row.
class GradientSink {
public:
    virtual ~GradientSink() = default;
    // gradient: (rows, parameter.value.cols()), contiguous; that of parameter rows [first, + rows).
    virtual void take(Parameter& parameter, Eigen::Index first, Eigen::Index rows,
                      const float* gradient) = 0;
};

struct Pass {
    Workers* workers = nullptr;
    bool training = false;   // dropout acts
    std::uint64_t seed = 0;  // of dropout, with `step`
    std::uint32_t step = 0;
};

class Layer {
public:
    virtual ~Layer() = default;
    // Width of the output for an input of width `inputs`.
    virtual Eigen::Index width(Eigen::Index inputs) const = 0;
    virtual void forward(const Signal& in, Signal& out, const Pass& pass) = 0;
    // in, out: those of the last forward. at_output: gradient of the loss at `out`. at_input: takes
    // the gradient at `in`, resized; null if nobody wants it.
    virtual void backward(const Signal& in, const Signal& out, const MatrixView& at_output,
                          Matrix* at_input, GradientSink& sink, const Pass& pass) = 0;
    virtual std::vector<Parameter*> parameters() { return {}; }
};

}  // namespace opal::dfa
