// Alignment: how far a method's weight updates point away from backpropagation's, and what the
// feedback looks like that makes them.
//
//   angle of block k = arccos( <g, h> / (|g| |h|) ),   g: all gradients of the block as the method
//   makes them, h: as backpropagation makes them, at the same weights on the same batch
//
// 0 degrees: the same direction; below 90: the update still descends [Lillicrap 2016, Nokland
// 2016].
#pragma once

#include "dfa/batch_source.h"
#include "dfa/feedback.h"
#include "dfa/feedback_statistics.h"
#include "dfa/network.h"

#include <vector>

namespace opal::dfa {

// Keeps gradients instead of using them.
class GradientCollector final : public GradientSink {
public:
    explicit GradientCollector(const std::vector<Parameter*>& parameters);
    void take(Parameter& parameter, Eigen::Index first, Eigen::Index rows,
              const float* gradient) override;
    // By Parameter::index; 0 where nothing was taken.
    const std::vector<Matrix>& gradients() const { return gradients_; }

private:
    std::vector<Matrix> gradients_;
};

// One entry per hidden block; empty if the method teaches none.
struct Alignment {
    std::vector<double> angles_deg;
    std::vector<FeedbackStatistics> feedback;
};

// Without dropout. The network's weights do not change; the projector is used once.
Alignment measure_alignment(Network& network, Feedback& feedback, const Batch& batch,
                            Workers& workers);

}  // namespace opal::dfa
