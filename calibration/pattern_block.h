// PatternBlock: random patterns as rows of numbers, a few frames at a time. For random_matrix and
// whoever predicts frames from its matrix: all frames at once would be (frames, inputs) numbers, 2
// GiB at 8,192 inputs.
#pragma once

#include "calibration/random_matrix.h"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>

namespace opal::calibration {

inline constexpr std::size_t block_frames = 256;

template <typename Scalar>
using PatternBlock = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// visit(first frame, block of (frames, inputs)) over all frames, in order.
template <typename Scalar, typename Visit>
void for_each_block(const RandomPatterns& patterns, const Visit& visit) {
    PatternBlock<Scalar> block;
    for (std::size_t first = 0; first < patterns.frames(); first += block_frames) {
        const std::size_t count = std::min(block_frames, patterns.frames() - first);
        const std::size_t from = first * patterns.inputs;
        block.resize(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(patterns.inputs));
        std::transform(
            patterns.on.begin() + static_cast<std::ptrdiff_t>(from),
            patterns.on.begin() + static_cast<std::ptrdiff_t>(from + count * patterns.inputs),
            block.data(), [](std::uint8_t on) { return static_cast<Scalar>(on); });
        visit(static_cast<Eigen::Index>(first), block);
    }
}

}  // namespace opal::calibration
