// Slices: which outputs of one projection each hidden block takes [Launay 2020, section 2].
//
//   outputs of the projector   | 0 ........ 1023 | 1024 ...... 2047 |   (spare ones behind unused)
//   taken by                   | hidden block 0  | hidden block 1   |
#pragma once

#include <Eigen/Core>

#include <span>
#include <vector>

namespace opal::dfa {

struct Slice {
    Eigen::Index begin = 0;
    Eigen::Index width = 0;
    bool operator==(const Slice&) const = default;
};

// Disjoint, in order, without gaps, from output 0. Throws std::invalid_argument if the widths need
// more than `outputs`.
std::vector<Slice> slice_outputs(Eigen::Index outputs, std::span<const Eigen::Index> widths);

}  // namespace opal::dfa
