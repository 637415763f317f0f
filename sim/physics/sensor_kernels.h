// SensorKernels: the inner loops of the sensor: noise bits, electrons, counts.
//
// Each has a plain form, which defines it, and a form for the widest vector registers of the
// machine (Highway, chosen at run time). Both give the same bytes: the same float operations in the
// same order on every pixel.
#pragma once

#include "sim/physics/philox.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace opal::sim {

// bits[w * count + x] = word w of philox({first[0] + x, first[1], first[2], first[3]}, key).
void draw_words_plain(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits);
void draw_words(PhiloxWords first, PhiloxKey key, std::size_t count, std::uint32_t* bits);

// Some pixels, all spans equally long.
struct PixelStrip {
    std::span<const float> photo_e;        // expected, before PRNU
    std::span<const float> response;       // PRNU: 1 on average
    std::span<const float> dark_e_per_us;  // dark current
    std::span<const float> offset_e;       // DSNU
    std::span<const std::uint32_t> noise;  // random bits: shot noise in the lower 16, read noise
                                           // in the upper 16
    float integration_us = 0;
};

struct Collection {
    bool shot_noise = true;
    float full_well_e = 0;
    float read_noise_e = 0;
};

// electrons = min(shot(photo * response + dark * time), full well) + offset + read noise; how shot
// noise is made of bits is said in sensor.h.
inline constexpr float least_normal_mean_e = 16;  // below: Poisson by inversion
void collect_plain(const PixelStrip& strip, const Collection& how, std::span<float> electrons);
void collect(const PixelStrip& strip, const Collection& how, std::span<float> electrons);

// How electrons become counts in one format.
struct Readout {
    float dn_per_e = 0;
    float black_dn = 0;
    float max_dn = 0;
};

// counts = electrons * dn_per_e + black_dn, within 0 .. max_dn, rounded, halves up.
template <class Count>  // std::uint8_t or std::uint16_t
void digitise_plain(std::span<const float> electrons, const Readout& readout,
                    std::span<Count> counts);
template <class Count>
void digitise(std::span<const float> electrons, const Readout& readout, std::span<Count> counts);

// Poisson number of a uniform 16-bit number, by inversion; mean <= least_normal_mean_e.
float poisson_by_inversion(float mean, std::uint32_t uniform_q16);

}  // namespace opal::sim
