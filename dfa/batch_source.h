// BatchSource: a data set as training sees it, batch by batch.
//
//   ImageData -> ImageSource --+
//                              +--> Batch: input (rows, inputs), labels (rows)
//   GraphData -> GraphSource --+
//
// Which samples are in a batch depends on seed, epoch and index only: a resumed run sees what the
// interrupted one would have seen.
#pragma once

#include "dfa/layer.h"
#include "dfa/split.h"

#include <cstdint>
#include <span>

namespace opal::dfa {

// Valid until the source makes the next one.
struct Batch {
    const Signal* input = nullptr;
    std::span<const std::int32_t> labels;  // one per row; no_label where the row does not count
};

class BatchSource {
public:
    virtual ~BatchSource() = default;
    virtual Eigen::Index inputs() const = 0;
    virtual Eigen::Index classes() const = 0;
    virtual std::int64_t samples(Part part) const = 0;  // labelled ones

    virtual Eigen::Index training_batches() const = 0;  // per epoch
    // epoch 0 is the first.
    virtual Batch training_batch(std::uint32_t epoch, Eigen::Index index, Workers& workers) = 0;

    // Every sample of the part once, as it is; 0 batches if the part is empty.
    virtual Eigen::Index evaluation_batches(Part part) const = 0;
    virtual Batch evaluation_batch(Part part, Eigen::Index index, Workers& workers) = 0;
};

}  // namespace opal::dfa
