// Interference: signal and reference fields -> photo-electrons. The arrow between Speckle and
// Sensor.
//
//   I = |S|^2 + |R|^2 + 2 v Re(S R*) = |S + R|^2 - 2 (1 - v) Re(S R*),  v the fringes' visibility
//
// A plain form, which defines it, and a form for the widest vector registers of the machine
// (Highway, chosen at run time): the same float operations in the same order on every pixel.
#pragma once

#include <cstdint>
#include <span>

namespace opal::sim {

// Pixels in field units.
struct FieldStrip {
    std::span<const std::int16_t> signal;  // re and im side by side
    std::span<const float> reference_re;
    std::span<const float> reference_im;
};

struct Light {
    float e_per_intensity = 0;  // photo-electrons per squared field unit
    float washed_out = 0;       // 2 (1 - v)
};

// photo_e += e_per_intensity * max(I, 0)
void add_intensity_plain(const FieldStrip& strip, const Light& light, std::span<float> photo_e);
void add_intensity(const FieldStrip& strip, const Light& light, std::span<float> photo_e);

}  // namespace opal::sim
