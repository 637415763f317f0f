// Shots: a small noiseless bench, a pattern and a frame of it, for the tests of the optics.
#pragma once

#include "sim/physics/optics.h"

#include <chrono>
#include <cmath>
#include <complex>
#include <vector>

namespace opal::test {

using namespace opal::sim;
using namespace std::chrono_literals;

inline constexpr double tau = 6.28318530717958648;

// A bench without noise that hides nothing in its 12 bits.
inline Scene noiseless() {
    Scene scene;
    scene.seed = 42;
    scene.dmd.rows = 80;
    scene.dmd.columns = 160;
    scene.dmd.macro_pixel_px = 8;
    scene.dmd.illumination_waist_px = 150;
    scene.sensor.rows = 120;
    scene.sensor.columns = 140;
    scene.sensor.shot_noise = false;
    scene.sensor.read_noise_e = 0;
    scene.sensor.dsnu_e = 0;
    scene.sensor.prnu = 0;
    scene.sensor.dark_current_e_per_s = 0;
    scene.sensor.black_level_dn8 = 0;
    scene.sensor.full_well_e = 1e6;
    scene.sensor.gain_e_per_dn8 = 64;  // 4 e/DN at 12 bits: the converter ends at 16380 e
    return scene;
}

inline hal::BitPattern checkered(const Scene& scene, unsigned seed) {
    hal::BitPattern pattern(scene.dmd.rows, scene.dmd.columns);
    const int m = scene.dmd.macro_pixel_px;
    for (int r = 0; r + m <= scene.dmd.rows; r += m) {
        for (int c = 0; c + m <= scene.dmd.columns; c += m) {
            seed = seed * 1664525u + 1013904223u;
            if ((seed >> 20 & 1u) != 0) pattern.fill(r, c, m, m, true);
        }
    }
    return pattern;
}

inline hal::Frame shot(const Optics& optics, const hal::BitPattern& pattern, hal::Region region,
                       hal::Duration start = 0s, hal::PixelFormat format = hal::PixelFormat::mono12,
                       std::uint64_t key = 0, hal::Duration exposure = 100us) {
    ChannelAmplitudes light;
    optics.reduce(pattern, light);
    const LightSegment segment = {&light, start, exposure, 65536};
    hal::Frame frame;
    const auto scratch = optics.make_scratch();
    optics.expose({region, format, exposure, key, {&segment, 1}}, *scratch, frame);
    return frame;
}

inline double correlation(const std::vector<std::complex<double>>& a,
                          const std::vector<std::complex<double>>& b) {
    std::complex<double> ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        ab += std::conj(a[k]) * b[k];
        aa += std::norm(a[k]);
        bb += std::norm(b[k]);
    }
    return std::abs(ab) / std::sqrt(aa * bb);
}

}  // namespace opal::test
