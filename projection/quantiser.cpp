// Quantiser: thresholds, chances and bit planes of each kind. See quantiser.h.
#include "projection/quantiser.h"

#include "projection/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <stdexcept>

namespace opal::projection {

namespace {

constexpr int max_bits = 16;

std::size_t offset(const QuantisedBatch& batch, int sample, int plane) {
    assert(sample >= 0 && sample < batch.samples && plane >= 0 && plane < batch.planes);
    return (static_cast<std::size_t>(sample) * static_cast<std::size_t>(batch.planes) +
            static_cast<std::size_t>(plane)) *
           static_cast<std::size_t>(batch.inputs);
}

// Uniform 32-bit numbers of one sample, component by component; four come from one block.
class SampleNoise {
public:
    SampleNoise(std::uint64_t seed, std::uint64_t sample)
        : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
          low_(static_cast<std::uint32_t>(sample)),
          high_(static_cast<std::uint32_t>(sample >> 32)) {}

    std::uint32_t at(int component) {
        const auto block = static_cast<std::uint32_t>(component / 4);
        if (component % 4 == 0) words_ = philox({block, 0, low_, high_}, key_);
        return words_[static_cast<std::size_t>(component % 4)];
    }

private:
    PhiloxKey key_;
    std::uint32_t low_;
    std::uint32_t high_;
    PhiloxCounter words_{};
};

struct RowExtent {
    float largest = 0;  // max |e|
    double norm = 0;    // L2
};

RowExtent extent_of(std::span<const float> row, Eigen::Index number) {
    RowExtent extent;
    double squares = 0;
    for (const float e : row) {
        if (!std::isfinite(e)) {
            throw std::invalid_argument(fmt::format(
                "quantise: error vector {} has a component that is not finite; the training "
                "diverged or its input is broken",
                number));
        }
        extent.largest = std::max(extent.largest, std::abs(e));
        squares += static_cast<double>(e) * static_cast<double>(e);
    }
    extent.norm = std::sqrt(squares);
    return extent;
}

void mark(QuantisedBatch& batch, std::size_t at, float e) {
    (e > 0 ? batch.plus : batch.minus)[at] = 1;
}

// Each returns the squared length of what it wrote, in units of the grid.
double threshold_row(std::span<const float> row, double threshold, QuantisedBatch& into,
                     std::size_t at) {
    double count = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (!(std::abs(static_cast<double>(row[i])) > threshold)) continue;
        mark(into, at + i, row[i]);
        count += 1;
    }
    return count;
}

void stochastic_row(std::span<const float> row, float largest, SampleNoise noise,
                    QuantisedBatch& into, std::size_t at) {
    constexpr double range = 4294967296.0;  // 2^32: the largest component is always on
    for (std::size_t i = 0; i < row.size(); ++i) {
        const double chance = std::abs(static_cast<double>(row[i])) / largest;
        const std::uint32_t draw = noise.at(static_cast<int>(i));
        if (static_cast<double>(draw) < chance * range) mark(into, at + i, row[i]);
    }
}

double bit_plane_row(std::span<const float> row, float largest, int bits, QuantisedBatch& into,
                     std::size_t at) {
    const double levels = (1 << bits) - 1;
    double squares = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const double magnitude = std::abs(static_cast<double>(row[i])) / largest * levels;
        const auto level = static_cast<unsigned>(std::floor(magnitude + 0.5));
        for (int j = 0; j < bits; ++j) {
            if ((level >> j & 1U) == 0) continue;
            mark(into, at + static_cast<std::size_t>(j) * row.size() + i, row[i]);
        }
        squares += static_cast<double>(level) * static_cast<double>(level);
    }
    return squares;
}

}  // namespace

std::span<const std::uint8_t> QuantisedBatch::plus_bits(int sample, int plane) const {
    return std::span(plus).subspan(offset(*this, sample, plane), static_cast<std::size_t>(inputs));
}

std::span<const std::uint8_t> QuantisedBatch::minus_bits(int sample, int plane) const {
    return std::span(minus).subspan(offset(*this, sample, plane), static_cast<std::size_t>(inputs));
}

void QuantisedBatch::reshape(int new_samples, int new_inputs, int new_planes) {
    samples = new_samples;
    inputs = new_inputs;
    planes = new_planes;
    const std::size_t bits = static_cast<std::size_t>(samples) * static_cast<std::size_t>(inputs) *
                             static_cast<std::size_t>(planes);
    plus.assign(bits, 0);
    minus.assign(bits, 0);
    scale.assign(static_cast<std::size_t>(samples), 0);
}

Quantiser::Quantiser(const QuantiserOptions& options) : options_(options) {
    const double t = options.threshold;
    if (options.kind == Quantisation::fixed_threshold && !(t >= 0 && std::isfinite(t))) {
        throw std::invalid_argument(
            fmt::format("quantiser: fixed threshold {} asked; it must be 0 or more", t));
    }
    if (options.kind == Quantisation::adaptive_threshold && !(t >= 0 && t < 1)) {
        throw std::invalid_argument(fmt::format(
            "quantiser: adaptive threshold {} asked; it is a fraction of the largest component, "
            "at least 0 and below 1",
            t));
    }
    if (options.kind == Quantisation::bit_planes && (options.bits < 1 || options.bits > max_bits)) {
        throw std::invalid_argument(
            fmt::format("quantiser: {} bits asked; possible are 1 to {}", options.bits, max_bits));
    }
}

int Quantiser::planes() const {
    return options_.kind == Quantisation::bit_planes ? options_.bits : 1;
}

void Quantiser::quantise(const dfa::Matrix& errors, std::uint64_t first_sample,
                         QuantisedBatch& into) const {
    into.reshape(static_cast<int>(errors.rows()), static_cast<int>(errors.cols()), planes());
    for (Eigen::Index b = 0; b < errors.rows(); ++b) {
        const std::span row(errors.data() + b * errors.cols(),
                            static_cast<std::size_t>(errors.cols()));
        const RowExtent extent = extent_of(row, b);
        if (!(extent.largest > 0)) continue;
        const std::size_t at = offset(into, static_cast<int>(b), 0);
        double grid_squares = 0;
        double grid_step = 1;
        switch (options_.kind) {
            case Quantisation::fixed_threshold:
                grid_squares = threshold_row(row, options_.threshold, into, at);
                break;
            case Quantisation::adaptive_threshold:
                grid_step = extent.largest;
                grid_squares = threshold_row(row, options_.threshold * grid_step, into, at);
                break;
            case Quantisation::stochastic:
                stochastic_row(row, extent.largest,
                               SampleNoise(options_.seed, first_sample + static_cast<unsigned>(b)),
                               into, at);
                into.scale[static_cast<std::size_t>(b)] = extent.largest;
                continue;
            case Quantisation::bit_planes:
                grid_step = static_cast<double>(extent.largest) / ((1 << options_.bits) - 1);
                grid_squares = bit_plane_row(row, extent.largest, options_.bits, into, at);
                break;
        }
        if (!(grid_squares > 0)) continue;
        const double scale =
            options_.restore_norm ? extent.norm / std::sqrt(grid_squares) : grid_step;
        into.scale[static_cast<std::size_t>(b)] = static_cast<float>(scale);
    }
}

std::string Quantiser::description() const {
    switch (options_.kind) {
        case Quantisation::fixed_threshold:
            return fmt::format("ternary, |e| > {}", options_.threshold);
        case Quantisation::adaptive_threshold:
            return fmt::format("ternary, |e| > {} max|e|", options_.threshold);
        case Quantisation::stochastic:
            return "stochastic ternary";
        case Quantisation::bit_planes:
            break;
    }
    return fmt::format("{}-bit planes", options_.bits);
}

void dequantise(const QuantisedBatch& batch, dfa::Matrix& into) {
    into.setZero(batch.samples, batch.inputs);
    for (int b = 0; b < batch.samples; ++b) {
        for (int j = 0; j < batch.planes; ++j) {
            const auto plus = batch.plus_bits(b, j);
            const auto minus = batch.minus_bits(b, j);
            const auto weight = static_cast<float>(1 << j);
            for (int i = 0; i < batch.inputs; ++i) {
                const auto k = static_cast<std::size_t>(i);
                into(b, i) += weight * static_cast<float>(int{plus[k]} - int{minus[k]});
            }
        }
        into.row(b) *= batch.scale[static_cast<std::size_t>(b)];
    }
}

}  // namespace opal::projection
