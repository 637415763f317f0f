// Putting blocks together. See network.h.
#include "dfa/network.h"

#include "dfa/dropout.h"
#include "dfa/graph_convolution.h"

#include <cassert>
#include <utility>

namespace opal::dfa {

Network::Network(Eigen::Index inputs, std::vector<Block> blocks)
    : inputs_(inputs), blocks_(std::move(blocks)) {
    assert(!blocks_.empty());
    Eigen::Index width = inputs;
    for (const Block& block : blocks_) {
        width = block.width(width);
        widths_.push_back(width);
    }
    // Layers are made with their parameters already numbered, in network order.
    const std::vector<Parameter*> all = parameters();
    for (std::size_t k = 0; k < all.size(); ++k) assert(all[k]->index == k);
}

const Matrix& Network::forward(const Signal& in, const Pass& pass) {
    assert(in.cols() == inputs_);
    const Signal* at = &in;
    for (Block& block : blocks_) at = &block.forward(*at, pass);
    return at->dense;
}

std::vector<Eigen::Index> Network::hidden_widths() const {
    return {widths_.begin(), widths_.end() - 1};
}

std::vector<Parameter*> Network::parameters() {
    std::vector<Parameter*> all;
    for (Block& block : blocks_) {
        for (Parameter* parameter : block.parameters()) all.push_back(parameter);
    }
    return all;
}

Network make_fully_connected(const FullyConnectedOptions& options, std::uint64_t seed) {
    assert(options.widths.size() >= 2);
    std::vector<Block> blocks;
    const std::size_t dense_layers = options.widths.size() - 1;
    for (std::size_t k = 0; k < dense_layers; ++k) {
        const bool hidden = k + 1 < dense_layers;
        DenseOptions dense;
        dense.inputs = options.widths[k];
        dense.outputs = options.widths[k + 1];
        dense.initialisation =
            hidden ? options.hidden_initialisation : options.output_initialisation;
        dense.l2 = options.l2;
        dense.rate = hidden ? 1 : options.output_rate;
        std::vector<std::unique_ptr<Layer>> layers;
        layers.push_back(std::make_unique<Dense>(dense, seed, 2 * k));
        if (hidden) {
            layers.push_back(std::make_unique<Activation>(options.activation));
            if (options.dropout > 0) {
                layers.push_back(
                    std::make_unique<Dropout>(options.dropout, static_cast<std::uint32_t>(k)));
            }
        }
        blocks.emplace_back(std::move(layers));
    }
    return {options.widths.front(), std::move(blocks)};
}

Network make_graph_network(const SparseMatrix& adjacency, const GraphNetworkOptions& options,
                           std::uint64_t seed) {
    assert(options.widths.size() >= 2);
    std::vector<Block> blocks;
    const std::size_t convolutions = options.widths.size() - 1;
    for (std::size_t k = 0; k < convolutions; ++k) {
        DenseOptions dense;
        dense.inputs = options.widths[k];
        dense.outputs = options.widths[k + 1];
        dense.initialisation = Initialisation::glorot;
        dense.l2 = k == 0 ? options.l2_first : 0;
        dense.rate = k + 1 < convolutions ? 1 : options.output_rate;
        std::vector<std::unique_ptr<Layer>> layers;
        if (k == 0) layers.push_back(std::make_unique<Dropout>(options.input_dropout, 0));
        layers.push_back(std::make_unique<GraphConvolution>(adjacency, dense, seed, k));
        if (k + 1 < convolutions) {
            layers.push_back(std::make_unique<Activation>(options.activation));
            layers.push_back(std::make_unique<Dropout>(options.hidden_dropout,
                                                       static_cast<std::uint32_t>(k + 1)));
        }
        blocks.emplace_back(std::move(layers));
    }
    return {options.widths.front(), std::move(blocks)};
}

}  // namespace opal::dfa
