// Projector: the one thing training knows about feedback. An opaque machine that multiplies a batch
// of error vectors by a fixed random matrix it never shows.
//
//   out(b, :) ~ B e(b, :)      errors (batch, inputs) -> feedback (batch, outputs)
//
// It may quantise, add noise, be an exact matrix or a bench of light. A network's hidden layers
// take disjoint slices of the outputs [Launay 2020, section 2].
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <string>

namespace opal::dfa {

// Row-major: one sample per row, contiguous.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct ProjectionStats {
    std::uint64_t vectors = 0;  // rows projected
    std::uint64_t acquisitions =
        0;  // exposures taken for them, sentinels included; 0 for digital projectors
    std::uint64_t repeats = 0;  // exposures taken again because a check failed
};

class Projector {
public:
    virtual ~Projector() = default;
    virtual Eigen::Index inputs() const = 0;
    virtual Eigen::Index outputs() const = 0;
    // errors: (batch, inputs). feedback: resized to (batch, outputs). A unit error vector gives
    // components of variance about 1 / inputs, so that E|out|^2 per component equals |e|^2 / inputs
    // whatever the machine.
    virtual void project(const Matrix& errors, Matrix& feedback) = 0;
    virtual ProjectionStats stats() const = 0;
    virtual std::string description() const = 0;  // for reports: "dense 10 -> 2048, exact"
};

}  // namespace opal::dfa
