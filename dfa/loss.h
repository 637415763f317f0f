// Loss: softmax cross-entropy of logits against class numbers, and the error that learning sends
// back.
//
//   loss = mean over labelled rows of -ln softmax(z)_label
//   error = softmax(z) - onehot(label), row by row; 0 where a row has no label
//
// The gradient of the loss at the logits is error / labelled rows. The error itself, not divided,
// is what a projector is given: its components stay between -1 and 1 whatever the batch.
#pragma once

#include "dfa/projector.h"

#include <cstdint>
#include <span>

namespace opal::dfa {

inline constexpr std::int32_t no_label = -1;

struct Score {
    double loss_sum = 0;
    std::int64_t correct = 0;   // largest logit at the label; ties go to the lower class
    std::int64_t labelled = 0;  // rows with a label

    double loss() const { return labelled ? loss_sum / static_cast<double>(labelled) : 0; }
    double accuracy() const {
        return labelled ? static_cast<double>(correct) / static_cast<double>(labelled) : 0;
    }
    void add(const Score& other) {
        loss_sum += other.loss_sum;
        correct += other.correct;
        labelled += other.labelled;
    }
};

// logits (batch, classes); labels: one per row, a class or no_label. error: null, or resized to
// (batch, classes).
Score softmax_cross_entropy(const Matrix& logits, std::span<const std::int32_t> labels,
                            Matrix* error);

}  // namespace opal::dfa
