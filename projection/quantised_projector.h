// QuantisedProjector: the digital twin of the bench. The same quantiser in front of any exact
// projector; what is left between it and OpticalProjector is light. The method `ternary`.
#pragma once

#include "dfa/projector.h"
#include "projection/quantiser.h"

#include <memory>

namespace opal::projection {

class QuantisedProjector final : public dfa::Projector {
public:
    QuantisedProjector(std::unique_ptr<dfa::Projector> exact, const QuantiserOptions& options);

    Eigen::Index inputs() const override { return exact_->inputs(); }
    Eigen::Index outputs() const override { return exact_->outputs(); }
    void project(const dfa::Matrix& errors, dfa::Matrix& feedback) override;
    dfa::ProjectionStats stats() const override { return exact_->stats(); }
    std::string description() const override;

private:
    std::unique_ptr<dfa::Projector> exact_;
    Quantiser quantiser_;
    QuantisedBatch quantised_;
    dfa::Matrix shown_;
    std::uint64_t samples_ = 0;
};

}  // namespace opal::projection
