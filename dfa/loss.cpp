// Softmax in double: ten classes cost nothing. See loss.h.
#include "dfa/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::dfa {

Score softmax_cross_entropy(const Matrix& logits, std::span<const std::int32_t> labels,
                            Matrix* error) {
    assert(static_cast<Eigen::Index>(labels.size()) == logits.rows());
    const Eigen::Index classes = logits.cols();
    if (error != nullptr) error->resize(logits.rows(), classes);
    Score score;
    for (Eigen::Index row = 0; row < logits.rows(); ++row) {
        const std::int32_t label = labels[static_cast<std::size_t>(row)];
        if (label == no_label) {
            if (error != nullptr) error->row(row).setZero();
            continue;
        }
        assert(label >= 0 && label < classes);
        const float* z = logits.data() + row * classes;
        const float* best = std::max_element(z, z + classes);
        double sum = 0;
        for (Eigen::Index c = 0; c < classes; ++c) {
            sum += std::exp(static_cast<double>(z[c]) - static_cast<double>(*best));
        }
        score.loss_sum +=
            std::log(sum) - (static_cast<double>(z[label]) - static_cast<double>(*best));
        score.correct += best - z == label ? 1 : 0;
        ++score.labelled;
        if (error == nullptr) continue;
        float* e = error->data() + row * classes;
        for (Eigen::Index c = 0; c < classes; ++c) {
            const double p = std::exp(static_cast<double>(z[c]) - static_cast<double>(*best)) / sum;
            e[c] = static_cast<float>(c == label ? p - 1 : p);
        }
    }
    return score;
}

}  // namespace opal::dfa
