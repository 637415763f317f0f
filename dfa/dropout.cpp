// One stream of random numbers per step, layer and row. See dropout.h.
#include "dfa/dropout.h"

#include "dfa/blas.h"
#include "dfa/elementwise.h"
#include "dfa/random.h"

#include <cassert>

namespace opal::dfa {

namespace {

constexpr Eigen::Index rows_per_task = 64;

}  // namespace

Dropout::Dropout(float rate, std::uint32_t number) : rate_(rate), number_(number) {
    assert(rate >= 0 && rate < 1 && number < 256);
}

void Dropout::draw(const Pass& pass, Eigen::Index row, std::size_t count, float* factors) const {
    assert(row < (Eigen::Index{1} << 24));
    Random random(pass.seed, Purpose::dropout, pass.step,
                  number_ << 24 | static_cast<std::uint32_t>(row));
    const float kept = 1.0f / (1.0f - rate_);
    for (std::size_t k = 0; k < count; ++k) factors[k] = random.uniform() < rate_ ? 0.0f : kept;
}

void Dropout::forward(const Signal& in, Signal& out, const Pass& pass) {
    out.is_sparse = in.is_sparse;
    const bool acts = pass.training && rate_ > 0;
    const Cut tasks = cut(in.rows(), rows_per_task);
    if (in.is_sparse) {
        if (!acts) {
            out.sparse = in.sparse;
            return;
        }
        out.sparse.assign(in.sparse);
        const std::vector<std::int64_t>& begin = in.sparse.pattern().row_begin;
        pass.workers->run(tasks.count, [&](Eigen::Index task, int) {
            for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
                const auto from = static_cast<std::size_t>(begin[static_cast<std::size_t>(r)]);
                const auto to = static_cast<std::size_t>(begin[static_cast<std::size_t>(r) + 1]);
                float* y = out.sparse.values().data() + from;
                draw(pass, r, to - from, y);
                for (std::size_t k = from; k < to; ++k, ++y) *y *= in.sparse.values()[k];
            }
        });
        return;
    }
    if (!acts) {
        factors_.resize(0, 0);
        out.dense = in.dense;
        return;
    }
    const Eigen::Index columns = in.dense.cols();
    factors_.resize(in.dense.rows(), columns);
    out.dense.resize(in.dense.rows(), columns);
    pass.workers->run(tasks.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
            const auto count = static_cast<std::size_t>(columns);
            float* factors = factors_.data() + r * columns;
            draw(pass, r, count, factors);
            multiply_by(out.dense.data() + r * columns, in.dense.data() + r * columns, factors,
                        count);
        }
    });
}

void Dropout::backward(const Signal& in, const Signal&, const MatrixView& at_output,
                       Matrix* at_input, GradientSink&, const Pass& pass) {
    if (at_input == nullptr) return;
    assert(!in.is_sparse);  // words are the input of a network: nobody asks for their gradient
    if (factors_.size() == 0) {
        *at_input = at_output;
        return;
    }
    const Eigen::Index columns = at_output.cols();
    at_input->resize(at_output.rows(), columns);
    const Cut tasks = cut(at_output.rows(), rows_per_task);
    pass.workers->run(tasks.count, [&](Eigen::Index task, int) {
        for (Eigen::Index r = tasks.begin(task); r < tasks.begin(task + 1); ++r) {
            multiply_by(at_input->data() + r * columns,
                        at_output.data() + r * at_output.outerStride(),
                        factors_.data() + r * columns, static_cast<std::size_t>(columns));
        }
    });
}

}  // namespace opal::dfa
