// FrameCheck: does a frame whose code word is proven also show the rest of its pattern, in light
// the camera could measure? What the word cannot see: rows or moments of another pattern, pixels
// that saturate, a medium that has moved.
//
//   rest(k) = f(k) / g - G_w(k) - sum_i d_i T_i(k)      at a few modes spread over the region
//
// A frame whose rest is a large share of its light shows something else and is taken again. Small
// rests are noise and drift: their sums go to DriftWatch. Without a transmission matrix there is
// nothing to compare with, and only saturation is looked at.
#pragma once

#include "calibration/record.h"
#include "hal/frame.h"
#include "projection/pilot.h"

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::projection {

class FrameCheck {
public:
    // The record's matrix is used if it was measured with `inputs` inputs.
    FrameCheck(const calibration::Record& record, int inputs);

    struct Finding {
        std::uint32_t saturated_px = 0;
        float rest = 0;   // sum over probes of |rest|^2, less the noise expected there
        float data = 0;   // of |sum_i d_i T_i|^2
        float light = 0;  // of |f / g|^2
        float noise = 0;  // what was subtracted from `rest`
        bool plausible = true;
    };
    // Adds 1 in `hits` (pixels of the region; may be empty) where the frame is saturated.
    void look(const hal::Frame& frame, Finding& into, std::span<std::uint16_t> hits) const;
    void compare(const Pilot& pilot, std::span<const std::complex<float>> field,
                 const Pilot::Reading& reading, std::uint32_t word,
                 std::span<const std::uint8_t> bits, Finding& into) const;

    bool has_matrix() const { return !entries_.empty(); }

    // Of the pixels: more, and intensities are no longer what was there.
    static constexpr double most_saturated = 0.01;
    // Of the light, beyond noise: a medium that has lost 5 % of its correlation leaves 0.1 of the
    // data's light; a tenth of the rows of another pattern leaves as much of all light.
    static constexpr float largest_rest = 0.08F;

private:
    int saturation_dn_;
    std::uint32_t most_saturated_px_;
    float noise_ = 0;                           // of one probe, |.|^2 of a frame at gain 1
    std::vector<std::size_t> probes_;           // modes
    std::vector<std::complex<float>> entries_;  // (inputs, probes)
};

}  // namespace opal::projection
