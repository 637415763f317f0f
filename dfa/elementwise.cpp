// The loops, once, for every instruction set. See elementwise.h. Compiled with -fno-math-errno
// -fno-trapping-math (CMakeLists.txt): without them the compiler may not vectorise sqrt and
// selects.
#include "dfa/elementwise.h"

#include <bit>
#include <cmath>

// The thread sanitizer would watch the functions that choose, which run before it is ready itself.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define OPAL_EVERY_CPU __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define OPAL_EVERY_CPU
#endif

namespace opal::dfa {

OPAL_EVERY_CPU
void add(float* __restrict x, const float* __restrict bias, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) x[i] += bias[i];
}

OPAL_EVERY_CPU
void scale(float* __restrict x, float factor, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) x[i] *= factor;
}

OPAL_EVERY_CPU
void multiply_by(float* __restrict out, const float* __restrict in, const float* __restrict factor,
                 std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = in[i] * factor[i];
}

OPAL_EVERY_CPU
void add_scaled(float* __restrict out, const float* __restrict in, float factor,
                std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] += factor * in[i];
}

OPAL_EVERY_CPU
void bytes_to_floats(float* __restrict out, const std::uint8_t* __restrict in, float factor,
                     std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(in[i]) * factor;
}

OPAL_EVERY_CPU
void relu(float* __restrict out, const float* __restrict in, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = in[i] < 0 ? 0.0f : in[i];
}

OPAL_EVERY_CPU
void relu_backward(float* __restrict at_input, const float* __restrict gradient,
                   const float* __restrict out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) at_input[i] = out[i] > 0 ? gradient[i] : 0.0f;
}

OPAL_EVERY_CPU
void hyperbolic_tangent(float* __restrict out, const float* __restrict in, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const float x = in[i];
        const float a = std::fabs(x);
        const float magnitude = a < 9.1f ? a : 9.1f;  // tanh rounds to 1 from here on
        // exp(2 |x|) = 2^n e^r, |r| <= ln(2) / 2; ln 2 in two parts, the first exact times n.
        const float y = 2 * magnitude;
        const float shifted = y * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: rounds to integer
        const float n = shifted - 12582912.0f;
        const float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
        const float exponential =
            1.0f +
            r * (1.0f +
                 r * (0.5f + r * (1.6666667e-1f +
                                  r * (4.1666667e-2f + r * (8.3333333e-3f + r * 1.3888889e-3f)))));
        const auto power =
            std::bit_cast<float>((std::bit_cast<std::int32_t>(shifted) << 23) + 0x3f800000);
        const float large = 1.0f - 2.0f / (exponential * power + 1.0f);
        // Below 0.625 the difference above would cancel: a polynomial, odd, of degree 11, fitted
        // to the relative error [Moshier 1989].
        const float z = a * a;
        const float small =
            a + a * z *
                    (-3.33332819e-1f +
                     z * (1.33314422e-1f +
                          z * (-5.37397155e-2f + z * (2.06390887e-2f + z * -5.70498872e-3f))));
        const float result = a < 0.625f ? small : large;
        out[i] = x < 0 ? -result : result;
    }
}

OPAL_EVERY_CPU
void tanh_backward(float* __restrict at_input, const float* __restrict gradient,
                   const float* __restrict out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) at_input[i] = gradient[i] * (1.0f - out[i] * out[i]);
}

OPAL_EVERY_CPU
void adam(float* __restrict weight, float* __restrict mean, float* __restrict square,
          const float* __restrict gradient, const AdamStep& step, std::size_t count) {
    const float rate = step.rate;
    const float root = step.root;
    const float beta1 = step.beta1;
    const float beta2 = step.beta2;
    const float rest1 = 1.0f - beta1;
    const float rest2 = 1.0f - beta2;
    const float epsilon = step.epsilon;
    const float l2 = step.l2;
    for (std::size_t i = 0; i < count; ++i) {
        const float g = gradient[i] + l2 * weight[i];
        float m = beta1 * mean[i] + rest1 * g;
        float v = beta2 * square[i] + rest2 * (g * g);
        // A mean that only decays ends among the denormal numbers, where the processor is a
        // hundred times slower; nothing that small can move a weight.
        m = std::fabs(m) < 1e-30f ? 0.0f : m;
        v = v < 1e-36f ? 0.0f : v;
        mean[i] = m;
        square[i] = v;
        weight[i] -= rate * m / (std::sqrt(v) * root + epsilon);
    }
}

OPAL_EVERY_CPU
void momentum(float* __restrict weight, float* __restrict velocity,
              const float* __restrict gradient, const MomentumStep& step, std::size_t count) {
    const float rate = step.rate;
    const float keep = step.momentum;
    const float l2 = step.l2;
    for (std::size_t i = 0; i < count; ++i) {
        float u = keep * velocity[i] + (gradient[i] + l2 * weight[i]);
        u = std::fabs(u) < 1e-30f ? 0.0f : u;  // as in adam
        velocity[i] = u;
        weight[i] -= rate * u;
    }
}

}  // namespace opal::dfa
