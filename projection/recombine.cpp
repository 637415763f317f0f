// Recombine: weighs plus and minus fields into rows of feedback. See recombine.h.
#include "projection/recombine.h"

#include <cassert>

namespace opal::projection {

void recombine(const QuantisedBatch& quantised, const EncodedBatch& encoded,
               const FieldMatrix& fields, float gain, Eigen::Index outputs, dfa::Matrix& feedback) {
    assert(outputs <= 2 * fields.cols());
    using Row = Eigen::Map<const Eigen::RowVectorXf>;
    const auto parts = [&](std::uint32_t pattern) {
        assert(pattern < fields.rows());
        // A complex row is its real and imaginary parts in turn [ISO C++, complex.numbers 4].
        return Row(reinterpret_cast<const float*>(fields.data() + pattern * fields.cols()),
                   outputs);
    };
    feedback.setZero(quantised.samples, outputs);
    std::size_t pair = 0;
    for (int b = 0; b < quantised.samples; ++b) {
        const float scale = gain * quantised.scale[static_cast<std::size_t>(b)];
        for (int j = 0; j < quantised.planes; ++j, ++pair) {
            const float weight = scale * static_cast<float>(1 << j);
            const std::uint32_t plus = encoded.plus[pair];
            const std::uint32_t minus = encoded.minus[pair];
            if (plus != EncodedBatch::dark) feedback.row(b) += weight * parts(plus);
            if (minus != EncodedBatch::dark) feedback.row(b) -= weight * parts(minus);
        }
    }
}

}  // namespace opal::projection
