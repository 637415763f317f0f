// Two teachings of the same batch, compared. See alignment.h.
#include "dfa/alignment.h"

#include "dfa/loss.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace opal::dfa {

GradientCollector::GradientCollector(const std::vector<Parameter*>& parameters) {
    for (const Parameter* parameter : parameters) {
        gradients_.push_back(Matrix::Zero(parameter->value.rows(), parameter->value.cols()));
    }
}

void GradientCollector::take(Parameter& parameter, Eigen::Index first, Eigen::Index rows,
                             const float* gradient) {
    Matrix& kept = gradients_[parameter.index];
    std::copy_n(gradient, rows * kept.cols(), kept.data() + first * kept.cols());
}

namespace {

// Passes everything on and notes the statistics of what it passes.
class Overhearing final : public Feedback {
public:
    Overhearing(Feedback& feedback, std::size_t blocks) : feedback_(feedback), heard(blocks) {}

    void begin(const Matrix& error, float share, Workers& workers) override {
        feedback_.begin(error, share, workers);
    }
    bool wants_gradient_from_above() const override {
        return feedback_.wants_gradient_from_above();
    }
    std::optional<MatrixView> at(std::size_t block, const Matrix* from_above) override {
        auto told = feedback_.at(block, from_above);
        if (told) heard[block] = feedback_statistics(*told, feedback_.projected());
        return told;
    }

private:
    Feedback& feedback_;

public:
    std::vector<FeedbackStatistics> heard;
};

}  // namespace

Alignment measure_alignment(Network& network, Feedback& feedback, const Batch& batch,
                            Workers& workers) {
    const Pass pass{&workers, false, 0, 0};
    const Matrix& logits = network.forward(*batch.input, pass);
    Matrix error;
    const Score score = softmax_cross_entropy(logits, batch.labels, &error);
    if (score.labelled == 0) return {};
    const float share = 1.0f / static_cast<float>(score.labelled);
    GradientCollector of_method(network.parameters());
    GradientCollector of_bp(network.parameters());
    Teacher teacher(network);
    Overhearing overhearing(feedback, network.hidden_blocks());
    teacher.teach(overhearing, error, share, of_method, pass);
    if (network.hidden_blocks() == 0 || !feedback.at(0, &error)) return {};
    Backpropagation backpropagation;
    teacher.teach(backpropagation, error, share, of_bp, pass);

    Alignment alignment{{}, std::move(overhearing.heard)};
    for (std::size_t k = 0; k < network.hidden_blocks(); ++k) {
        double product = 0;
        double square_method = 0;
        double square_bp = 0;
        for (const Parameter* parameter : network.block(k).parameters()) {
            const auto g = of_method.gradients()[parameter->index].cast<double>().array();
            const auto h = of_bp.gradients()[parameter->index].cast<double>().array();
            product += (g * h).sum();
            square_method += g.square().sum();
            square_bp += h.square().sum();
        }
        const double lengths = std::sqrt(square_method * square_bp);
        const double cosine = lengths > 0 ? std::clamp(product / lengths, -1.0, 1.0) : 0;
        alignment.angles_deg.push_back(std::acos(cosine) * 180 / 3.14159265358979323846);
    }
    return alignment;
}

}  // namespace opal::dfa
