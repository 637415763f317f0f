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
    feedback.resize(quantised.samples, outputs);
    std::size_t pair = 0;
    for (int b = 0; b < quantised.samples; ++b) {
        const float scale = gain * quantised.scale[static_cast<std::size_t>(b)];
        auto row = feedback.row(b);
        bool empty = true;
        for (int j = 0; j < quantised.planes; ++j, ++pair) {
            const float weight = scale * static_cast<float>(1 << j);
            const std::uint32_t plus = encoded.plus[pair];
            const std::uint32_t minus = encoded.minus[pair];
            const bool lit = plus != EncodedBatch::dark;
            const bool lit_minus = minus != EncodedBatch::dark;
            if (!lit && !lit_minus) continue;
            if (empty && lit && lit_minus) {  // nearly always: one walk over the row
                row = weight * parts(plus) - weight * parts(minus);
            } else {
                if (empty) row.setZero();
                if (lit) row += weight * parts(plus);
                if (lit_minus) row -= weight * parts(minus);
            }
            empty = false;
        }
        if (empty) row.setZero();
    }
}

}  // namespace opal::projection
