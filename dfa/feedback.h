// Feedback: what each hidden block is told at its output. The one place where backpropagation and
// direct feedback alignment differ.
//
//   bp       the gradient at the input of the block above   W(k+1)' ... of the true gradient
//   dfa      its slice of one projection of the error       gain_k B_k e   [Nokland 2016, eq. 5]
//   shallow  nothing: hidden blocks stay as they were initialised, the output block alone learns
//
// `ternary` and `optical` feedback are dfa with another Projector. The output block always learns
// from the true error.
#pragma once

#include "dfa/layer.h"
#include "dfa/network.h"
#include "dfa/projector.h"
#include "dfa/slices.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace opal::dfa {

class Feedback {
public:
    virtual ~Feedback() = default;
    // Once per batch, before any block learns. error: softmax - onehot (loss.h); error * share is
    // the gradient of the loss at the logits.
    virtual void begin(const Matrix& error, float share, Workers& workers) = 0;
    // True if at() needs the gradient at the input of the block above.
    virtual bool wants_gradient_from_above() const = 0;
    // The feedback at the output of hidden block `block`, valid until the next call of begin();
    // empty if the block does not learn. from_above: null unless wanted.
    virtual std::optional<MatrixView> at(std::size_t block, const Matrix* from_above) = 0;
    // What the feedback was projected from, one row per row of it, valid until the next call of
    // begin(); null if it is no projection.
    virtual const Matrix* projected() const { return nullptr; }
};

class Backpropagation final : public Feedback {
public:
    void begin(const Matrix&, float, Workers&) override {}
    bool wants_gradient_from_above() const override { return true; }
    std::optional<MatrixView> at(std::size_t block, const Matrix* from_above) override;
};

class NoFeedback final : public Feedback {
public:
    void begin(const Matrix&, float, Workers&) override {}
    bool wants_gradient_from_above() const override { return false; }
    std::optional<MatrixView> at(std::size_t, const Matrix*) override { return std::nullopt; }
};

struct DirectFeedbackOptions {
    // Feedback of block k is gain sqrt(inputs / width_k) B_k e: a unit error gives components of
    // variance gain^2 / width_k, what backpropagation through one output layer initialised with
    // variance 1 / width_k would send.
    double gain = 1;
    // Null: each row's error reaches that row (the order of the paper). Else the error is
    // multiplied by this matrix (batch, batch) first: the graph matrix, along whose transpose
    // backpropagation through the output layer sends it. Must outlive this.
    const SparseMatrix* route = nullptr;
};

class DirectFeedback final : public Feedback {
public:
    // Throws std::invalid_argument if the projector does not fit the network. `projector` must
    // outlive this.
    DirectFeedback(const Network& network, Projector& projector,
                   const DirectFeedbackOptions& options = {});

    // Rows of the error that are 0 throughout (nodes without a label) are not projected: their
    // feedback is 0.
    void begin(const Matrix& error, float share, Workers& workers) override;
    bool wants_gradient_from_above() const override { return false; }
    std::optional<MatrixView> at(std::size_t block, const Matrix* from_above) override;

    const Matrix* projected() const override { return from_; }

    const std::vector<Slice>& slices() const { return slices_; }

private:
    void project_nonzero_rows(const Matrix& error);

    Projector& projector_;
    std::vector<Slice> slices_;
    std::vector<double> gains_;
    const SparseMatrix* route_;
    Matrix routed_;
    const Matrix* from_ = nullptr;
    std::vector<Eigen::Index> rows_;  // not 0
    Matrix packed_;
    Matrix packed_feedback_;
    Matrix feedback_;
};

// One learning step of all blocks after a forward pass, from the output back. sink: an optimiser,
// or whatever collects gradients.
class Teacher {
public:
    explicit Teacher(Network& network) : network_(network) {}
    void teach(Feedback& feedback, const Matrix& error, float share, GradientSink& sink,
               const Pass& pass);

private:
    Network& network_;
    Matrix gradient_;    // of the loss at the logits
    Matrix from_above_;  // at the input of the block just taught
    Matrix next_;
};

}  // namespace opal::dfa
