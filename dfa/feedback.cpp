// The three kinds of feedback and the walk back over the blocks. See feedback.h.
#include "dfa/feedback.h"

#include "dfa/blas.h"
#include "dfa/elementwise.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace opal::dfa {

std::optional<MatrixView> Backpropagation::at(std::size_t, const Matrix* from_above) {
    assert(from_above != nullptr);
    return MatrixView(*from_above);
}

DirectFeedback::DirectFeedback(const Network& network, Projector& projector,
                               const DirectFeedbackOptions& options)
    : projector_(projector),
      slices_(slice_outputs(projector.outputs(), network.hidden_widths())),
      route_(options.route) {
    if (projector.inputs() != network.classes()) {
        throw std::invalid_argument("the projector has " + std::to_string(projector.inputs()) +
                                    " inputs, but the error has " +
                                    std::to_string(network.classes()) + " components");
    }
    for (const Slice& slice : slices_) {
        gains_.push_back(options.gain * std::sqrt(static_cast<double>(projector.inputs()) /
                                                  static_cast<double>(slice.width)));
    }
}

void DirectFeedback::begin(const Matrix& error, float share, Workers& workers) {
    if (route_ != nullptr) {
        route_->multiply(error, routed_, workers);
        from_ = &routed_;
    } else {
        from_ = &error;
    }
    project_nonzero_rows(*from_);
    assert(feedback_.rows() == error.rows() && feedback_.cols() == projector_.outputs());
    const Cut tasks = cut(feedback_.rows(), 32);
    workers.run(tasks.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
            for (std::size_t k = 0; k < slices_.size(); ++k) {
                scale(feedback_.data() + r * feedback_.cols() + slices_[k].begin,
                      static_cast<float>(gains_[k] * static_cast<double>(share)),
                      static_cast<std::size_t>(slices_[k].width));
            }
        }
    });
}

void DirectFeedback::project_nonzero_rows(const Matrix& error) {
    rows_.clear();
    for (Eigen::Index r = 0; r < error.rows(); ++r) {
        if ((error.row(r).array() != 0).any()) rows_.push_back(r);
    }
    const auto count = static_cast<Eigen::Index>(rows_.size());
    if (count == error.rows()) {
        projector_.project(error, feedback_);
        return;
    }
    feedback_.setZero(error.rows(), projector_.outputs());
    if (count == 0) return;
    packed_.resize(count, error.cols());
    for (Eigen::Index k = 0; k < count; ++k) {
        packed_.row(k) = error.row(rows_[static_cast<std::size_t>(k)]);
    }
    projector_.project(packed_, packed_feedback_);
    for (Eigen::Index k = 0; k < count; ++k) {
        feedback_.row(rows_[static_cast<std::size_t>(k)]) = packed_feedback_.row(k);
    }
}

std::optional<MatrixView> DirectFeedback::at(std::size_t block, const Matrix*) {
    const Slice& slice = slices_[block];
    return MatrixView(feedback_.middleCols(slice.begin, slice.width));
}

void Teacher::teach(Feedback& feedback, const Matrix& error, float share, GradientSink& sink,
                    const Pass& pass) {
    feedback.begin(error, share, *pass.workers);
    gradient_ = error * share;
    const std::size_t hidden = network_.hidden_blocks();
    const bool chain = feedback.wants_gradient_from_above();
    network_.block(hidden).backward(gradient_, chain && hidden > 0 ? &from_above_ : nullptr, sink,
                                    pass);
    for (std::size_t k = hidden; k-- > 0;) {
        const std::optional<MatrixView> told = feedback.at(k, chain ? &from_above_ : nullptr);
        if (!told) continue;
        Matrix* below = chain && k > 0 ? &next_ : nullptr;
        network_.block(k).backward(*told, below, sink, pass);
        if (below != nullptr) std::swap(from_above_, next_);
    }
}

}  // namespace opal::dfa
