// ReLU and tanh by ranges of rows. See activation.h.
#include "dfa/activation.h"

#include "dfa/blas.h"
#include "dfa/elementwise.h"

#include <cassert>

namespace opal::dfa {

namespace {

constexpr Eigen::Index floats_per_task = 32768;

Cut row_tasks(Eigen::Index rows, Eigen::Index columns) {
    return cut(rows,
               std::max<Eigen::Index>(1, floats_per_task / std::max<Eigen::Index>(1, columns)));
}

}  // namespace

void Activation::forward(const Signal& in, Signal& out, const Pass& pass) {
    assert(!in.is_sparse);
    out.is_sparse = false;
    out.dense.resize(in.dense.rows(), in.dense.cols());
    const Eigen::Index columns = in.dense.cols();
    const Cut tasks = row_tasks(in.dense.rows(), columns);
    pass.workers->run(tasks.count, [&](Eigen::Index task, int) {
        const Eigen::Index from = tasks.begin(task) * columns;
        const auto count = static_cast<std::size_t>(tasks.size(task) * columns);
        const float* x = in.dense.data() + from;
        float* y = out.dense.data() + from;
        kind_ == ActivationKind::relu ? relu(y, x, count) : hyperbolic_tangent(y, x, count);
    });
}

void Activation::backward(const Signal&, const Signal& out, const MatrixView& at_output,
                          Matrix* at_input, GradientSink&, const Pass& pass) {
    if (at_input == nullptr) return;
    const Eigen::Index columns = at_output.cols();
    at_input->resize(at_output.rows(), columns);
    const Cut tasks = row_tasks(at_output.rows(), columns);
    pass.workers->run(tasks.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
            const float* g = at_output.data() + r * at_output.outerStride();
            const float* y = out.dense.data() + r * columns;
            float* x = at_input->data() + r * columns;
            const auto count = static_cast<std::size_t>(columns);
            kind_ == ActivationKind::relu ? relu_backward(x, g, y, count)
                                          : tanh_backward(x, g, y, count);
        }
    });
}

}  // namespace opal::dfa
