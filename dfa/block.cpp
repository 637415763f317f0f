// Forward and local backward. See block.h.
#include "dfa/block.h"

#include <cassert>

namespace opal::dfa {

Block::Block(std::vector<std::unique_ptr<Layer>> layers)
    : layers_(std::move(layers)), signals_(layers_.size()), gradients_(layers_.size()) {
    assert(!layers_.empty());
    while (first_trained_ + 1 < layers_.size() && layers_[first_trained_]->parameters().empty()) {
        ++first_trained_;
    }
}

const Signal& Block::forward(const Signal& in, const Pass& pass) {
    input_ = &in;
    const Signal* at = &in;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
        layers_[k]->forward(*at, signals_[k], pass);
        at = &signals_[k];
    }
    return *at;
}

void Block::backward(const MatrixView& feedback, Matrix* at_input, GradientSink& sink,
                     const Pass& pass) {
    assert(input_ != nullptr);
    assert(feedback.rows() == output().rows() && feedback.cols() == output().cols());
    for (std::size_t k = layers_.size(); k-- > 0;) {
        if (at_input == nullptr && k < first_trained_) return;
        const Signal& in = k == 0 ? *input_ : signals_[k - 1];
        Matrix* into = k > 0 ? &gradients_[k] : at_input;
        if (at_input == nullptr && k == first_trained_) into = nullptr;
        if (k + 1 == layers_.size()) {
            layers_[k]->backward(in, signals_[k], feedback, into, sink, pass);
        } else {
            layers_[k]->backward(in, signals_[k], gradients_[k + 1], into, sink, pass);
        }
    }
}

Eigen::Index Block::width(Eigen::Index inputs) const {
    for (const auto& layer : layers_) inputs = layer->width(inputs);
    return inputs;
}

std::vector<Parameter*> Block::parameters() {
    std::vector<Parameter*> all;
    for (const auto& layer : layers_) {
        for (Parameter* parameter : layer->parameters()) all.push_back(parameter);
    }
    return all;
}

}  // namespace opal::dfa
