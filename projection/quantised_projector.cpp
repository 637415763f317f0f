// QuantisedProjector: quantise, dequantise, project exactly. See the header.
#include "projection/quantised_projector.h"

#include <cassert>

namespace opal::projection {

QuantisedProjector::QuantisedProjector(std::unique_ptr<dfa::Projector> exact,
                                       const QuantiserOptions& options)
    : exact_(std::move(exact)), quantiser_(options) {
    assert(exact_ != nullptr);
}

void QuantisedProjector::project(const dfa::Matrix& errors, dfa::Matrix& feedback) {
    quantiser_.quantise(errors, samples_, quantised_);
    samples_ += static_cast<std::uint64_t>(errors.rows());
    dequantise(quantised_, shown_);
    exact_->project(shown_, feedback);
}

std::string QuantisedProjector::description() const {
    return exact_->description() + ", " + quantiser_.description();
}

}  // namespace opal::projection
