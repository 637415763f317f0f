// Labels hidden part by part. See graph_source.h.
#include "dfa/graph_source.h"

#include "dfa/loss.h"

#include <algorithm>
#include <cassert>

namespace opal::dfa {

GraphSource::GraphSource(const GraphData& data) : classes_(data.classes) {
    words_.sparse = data.words;
    words_.is_sparse = true;
    for (const Part part : {Part::training, Part::validation, Part::test}) {
        std::vector<std::int32_t>& labels = labels_[static_cast<std::size_t>(part)];
        labels = data.labels;
        for (std::size_t node = 0; node < labels.size(); ++node) {
            if (data.parts[node] != part) labels[node] = no_label;
        }
    }
}

std::int64_t GraphSource::samples(Part part) const {
    if (part == Part::none) return 0;
    const std::vector<std::int32_t>& labels = labels_[static_cast<std::size_t>(part)];
    return static_cast<std::int64_t>(labels.size()) -
           std::count(labels.begin(), labels.end(), no_label);
}

Batch GraphSource::training_batch(std::uint32_t, [[maybe_unused]] Eigen::Index index, Workers&) {
    assert(index == 0);
    return {&words_, labels_[static_cast<std::size_t>(Part::training)]};
}

Eigen::Index GraphSource::evaluation_batches(Part part) const {
    return samples(part) > 0 ? 1 : 0;
}

Batch GraphSource::evaluation_batch(Part part, [[maybe_unused]] Eigen::Index index, Workers&) {
    assert(index == 0 && part != Part::none);
    return {&words_, labels_[static_cast<std::size_t>(part)]};
}

}  // namespace opal::dfa
