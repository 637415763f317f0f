// Products by tiles. See dense.h.
#include "dfa/dense.h"

#include "dfa/blas.h"
#include "dfa/elementwise.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::dfa {

namespace {

// Floats in a gradient tile: 256 KiB, so that it, the weights and the two moments it changes share
// a second-level cache of 1 MiB.
constexpr Eigen::Index tile_floats = 65536;

Cut gradient_tiles(const Matrix& weights) {
    const Eigen::Index tiles = (weights.size() + tile_floats - 1) / tile_floats;
    const Eigen::Index even = tiles == 1 ? 1 : (tiles + 1) / 2 * 2;  // equal shares for two threads
    return {weights.rows(), std::clamp<Eigen::Index>(even, 1, weights.rows())};
}

double initial_limit(const DenseOptions& options) {
    const auto inputs = static_cast<double>(options.inputs);
    switch (options.initialisation) {
        case Initialisation::he:
            return std::sqrt(6 / inputs);
        case Initialisation::glorot:
            return std::sqrt(6 / (inputs + static_cast<double>(options.outputs)));
        case Initialisation::small:
            break;
    }
    return std::sqrt(1 / inputs);
}

void column_sums(const MatrixView& x, Matrix& sums) {
    sums.resize(1, x.cols());
    sums.setZero();
    for (Eigen::Index r = 0; r < x.rows(); ++r) {
        add(sums.data(), x.data() + r * x.outerStride(), static_cast<std::size_t>(x.cols()));
    }
}

}  // namespace

Dense::Dense(const DenseOptions& options, std::uint64_t seed, std::size_t index)
    : has_bias_(options.bias) {
    assert(options.inputs > 0 && options.outputs > 0);
    weights_.index = index;
    weights_.name =
        "weights " + std::to_string(options.inputs) + " x " + std::to_string(options.outputs);
    weights_.l2 = options.l2;
    weights_.rate = options.rate;
    weights_.value.resize(options.inputs, options.outputs);
    const auto limit = static_cast<float>(initial_limit(options));
    Random random(seed, Purpose::weights, static_cast<std::uint32_t>(index));
    for (Eigen::Index k = 0; k < weights_.value.size(); ++k) {
        weights_.value.data()[k] = limit * (2 * random.uniform() - 1);
    }
    bias_.rate = options.rate;
    bias_.index = index + 1;
    bias_.name = "bias " + std::to_string(options.outputs);
    if (has_bias_) bias_.value = Matrix::Zero(1, options.outputs);
}

Eigen::Index Dense::width([[maybe_unused]] Eigen::Index inputs) const {
    assert(inputs == weights_.value.rows());
    return weights_.value.cols();
}

std::vector<Parameter*> Dense::parameters() {
    if (has_bias_) return {&weights_, &bias_};
    return {&weights_};
}

void Dense::forward(const Signal& in, Signal& out, const Pass& pass) {
    assert(in.cols() == weights_.value.rows());
    out.is_sparse = false;
    const auto add_bias = [&](Eigen::Index row, Eigen::Index rows, Eigen::Index column,
                              Eigen::Index columns) {
        for (Eigen::Index r = row; has_bias_ && r < row + rows; ++r) {
            add(out.dense.data() + r * out.dense.cols() + column, bias_.value.data() + column,
                static_cast<std::size_t>(columns));
        }
    };
    if (in.is_sparse) {
        in.sparse.multiply(weights_.value, out.dense, *pass.workers);
        add_bias(0, out.dense.rows(), 0, out.dense.cols());
    } else {
        multiply_tiled(in.rows(), {in.dense.data(), in.dense.cols()}, weights_.value, false,
                       out.dense, *pass.workers, add_bias);
    }
}

void Dense::backward(const Signal& in, const Signal&, const MatrixView& at_output, Matrix* at_input,
                     GradientSink& sink, const Pass& pass) {
    assert(at_output.rows() == in.rows() && at_output.cols() == weights_.value.cols());
    const ConstTile g{at_output.data(), at_output.outerStride()};
    const Eigen::Index columns = at_output.cols();
    if (at_input != nullptr) {
        // Before the sink may change W.
        multiply_tiled(at_output.rows(), g, weights_.value, true, *at_input, *pass.workers);
    }
    workspace_.resize(static_cast<std::size_t>(pass.workers->threads()));
    const Cut tiles = gradient_tiles(weights_.value);
    const Eigen::Index bias_tasks = has_bias_ ? 1 : 0;
    pass.workers->run(tiles.count + bias_tasks, [&](Eigen::Index task, int worker) {
        Matrix& tile = workspace_[static_cast<std::size_t>(worker)];
        if (task == tiles.count) {
            column_sums(at_output, tile);
            sink.take(bias_, 0, 1, tile.data());
            return;
        }
        const Eigen::Index first = tiles.begin(task);
        const Eigen::Index rows = tiles.size(task);
        tile.resize(rows, columns);
        if (in.is_sparse) {
            in.sparse.multiply_transposed_rows(g, columns, first, rows, tile.data());
        } else {
            multiply(rows, columns, in.rows(), {in.dense.data() + first, in.dense.cols()}, true, g,
                     false, {tile.data(), columns});
        }
        sink.take(weights_, first, rows, tile.data());
    });
}

}  // namespace opal::dfa
