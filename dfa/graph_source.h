// GraphSource: the whole graph as one batch; the parts differ in which nodes have a label.
#pragma once

#include "dfa/batch_source.h"
#include "dfa/graph_data.h"

#include <array>
#include <vector>

namespace opal::dfa {

class GraphSource final : public BatchSource {
public:
    explicit GraphSource(const GraphData& data);

    Eigen::Index inputs() const override { return words_.cols(); }
    Eigen::Index classes() const override { return classes_; }
    std::int64_t samples(Part part) const override;
    Eigen::Index training_batches() const override { return 1; }
    Batch training_batch(std::uint32_t epoch, Eigen::Index index, Workers& workers) override;
    Eigen::Index evaluation_batches(Part part) const override;
    Batch evaluation_batch(Part part, Eigen::Index index, Workers& workers) override;

private:
    Signal words_;
    Eigen::Index classes_;
    std::array<std::vector<std::int32_t>, 3> labels_;  // training, validation, test
};

}  // namespace opal::dfa
