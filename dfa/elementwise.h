// Elementwise: the loops of training that are not matrix products.
//
// Plain loops over contiguous floats, compiled for several instruction sets and chosen when the
// program starts. Each element is computed by itself in the same order of operations on every
// instruction set (no fused multiply-add, no reassociation), so the choice never changes a bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opal::dfa {

// x[i] += bias[i]
void add(float* x, const float* bias, std::size_t count);
// x[i] *= factor
void scale(float* x, float factor, std::size_t count);
// out[i] = in[i] * factor[i]
void multiply_by(float* out, const float* in, const float* factor, std::size_t count);
// out[i] += factor * in[i]
void add_scaled(float* out, const float* in, float factor, std::size_t count);
// out[i] = factor * in[i]
void bytes_to_floats(float* out, const std::uint8_t* in, float factor, std::size_t count);

// out = max(in, 0), a NaN stays one so that it is noticed; and its derivative: at_input = out > 0 ?
// gradient : 0
void relu(float* out, const float* in, std::size_t count);
void relu_backward(float* at_input, const float* gradient, const float* out, std::size_t count);

// out = tanh(in) to 3e-7 relative, and its derivative: at_input = gradient (1 - out^2)
void hyperbolic_tangent(float* out, const float* in, std::size_t count);
void tanh_backward(float* at_input, const float* gradient, const float* out, std::size_t count);

// One step of Adam [Kingma 2015, algorithm 1]. `rate` is alpha / (1 - beta1^t), `root` is
// 1 / sqrt(1 - beta2^t): the bias corrections, common to all elements. l2 adds l2 * weight to the
// gradient.
struct AdamStep {
    float rate;
    float root;
    float beta1;
    float beta2;
    float epsilon;
    float l2;
};
void adam(float* weight, float* mean, float* square, const float* gradient, const AdamStep& step,
          std::size_t count);

// One step of gradient descent with momentum: velocity = momentum velocity + gradient + l2 weight;
// weight -= rate velocity.
struct MomentumStep {
    float rate;
    float momentum;
    float l2;
};
void momentum(float* weight, float* velocity, const float* gradient, const MomentumStep& step,
              std::size_t count);

}  // namespace opal::dfa
