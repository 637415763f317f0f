// MatrixFit: fields of +- Hadamard patterns, each seen through an unknown complex gain -> the
// transmission matrix. The arithmetic behind nodes/matrix.
//
//   y_f = g_f (P_w + T d_f) + noise,    d_f = (1 +- x_f) / 2,    x_f = a row of H, signs flipped
//
// The strip's field P_w is known (node identity). Taking the gains from it alone, then T, then
// gains again, would crawl: data that happen to look like the strip bias the gains, biased gains
// put some strip into T, and both look right together. So the strip is first left free as well, on
// a part of the modes: T, strip and gains in turn, which settles in about ten rounds; then the
// free strip is laid over the known one, which fixes the common factor; a few rounds with all modes
// finish. A round costs one walk over the fields and two fast transforms, on all cores.
//
// Rule: the result is the same bytes whether the fields are in memory or on disk.
#pragma once

#include "calibration/field_store.h"
#include "calibration/layout.h"
#include "calibration/phase_reference.h"

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::calibration {

// Which pattern each frame shows.
class HadamardPlan {
public:
    // signs: (repeats, inputs) of +-1.
    HadamardPlan(int inputs, int repeats, std::vector<std::int8_t> signs);

    int inputs() const { return inputs_; }
    int order() const { return order_; }
    int repeats() const { return repeats_; }
    std::size_t frames() const {
        return 2 * static_cast<std::size_t>(order_) * static_cast<std::size_t>(repeats_);
    }
    // True if the frame lights the input. Frames 2k and 2k + 1 are complements of each other.
    bool on(std::size_t frame, int input) const;
    std::uint32_t word(std::size_t frame) const;
    int sign(std::size_t repeat, int input) const {
        return signs_[repeat * static_cast<std::size_t>(inputs_) + static_cast<std::size_t>(input)];
    }

private:
    int inputs_;
    int order_;
    int repeats_;
    std::vector<std::int8_t> signs_;
};

struct MatrixFit {
    std::vector<std::complex<float>> entries;  // (inputs, modes)
    std::vector<std::complex<double>> gains;   // (frames)
    double noise_power =
        0;  // mean |residual|^2 per mode and frame, degrees of freedom accounted for
};

MatrixFit fit_matrix(const HadamardPlan& plan, const Identity& identity, FieldStore& fields);

// Frames whose rest, the data's light taken out, does not show their code word (word_check.h).
std::vector<std::size_t> unread_frames(const HadamardPlan& plan, const Identity& identity,
                                       MatrixFit& fit, FieldStore& fields);

}  // namespace opal::calibration
