// Optics: light from mirrors to counts. Knows no devices, no queues, no clock: a pure function of
// scene, pattern and time.
//
//   BitPattern -> ChannelAmplitudes -> field per mode -> field per pixel -> |S + R|^2 -> counts
//      DmdLight          Medium            Speckle        ReferenceBeam       Sensor
//
// Bit-accurate (docs/notation.md): fields are integers, all noise is Philox keyed by (seed, frame,
// pixel), and what floating point remains uses only + - * / sqrt in a fixed order.
#pragma once

#include "hal/bit_pattern.h"
#include "hal/frame.h"
#include "sim/scene.h"

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opal::sim {

// What a pattern sends into the medium: one fixed-point amplitude per macro-pixel of the DMD,
// row-major, 4096 = all mirrors on in the centre of the beam. Includes the light that leaks from
// off mirrors, and the stuck ones.
struct ChannelAmplitudes {
    std::vector<std::int32_t> q12;
    std::uint64_t mark = 0;  // names the pattern to whoever keeps score; no light depends on it
};

// One stretch of an exposure in which neither the pattern nor the laser's set power changes.
struct LightSegment {
    const ChannelAmplitudes* light = nullptr;
    hal::Duration start{0};  // virtual time since the bench was made
    hal::Duration duration{0};
    // Mean laser power over its maximum, 65536 = maximum, 0 = off. Noise and drift come on top.
    std::uint32_t power_q16 = 0;
    // Faults (sim/faults): beyond what the scene's stability does.
    double phase_rad = 0;   // between the arms
    double medium_rad = 0;  // the medium turned into another one by this angle
};

struct Exposure {
    hal::Region region;
    hal::PixelFormat format = hal::PixelFormat::mono8;
    hal::Duration total{0};  // integration time, for dark current
    // Number of this exposure since the bench was made; keys its noise. Below 2^56.
    std::uint64_t frame_key = 0;
    std::span<const LightSegment> segments;
};

class Optics {
public:
    // The scene must be valid (scene_file.h).
    explicit Optics(const Scene& scene);
    ~Optics();

    // pattern: the DMD's shape.
    void reduce(const hal::BitPattern& pattern, ChannelAmplitudes& into) const;

    // Renders into frame.region, format and bytes only. Thread-safe, each thread with its own
    // Scratch; the answer does not depend on threads or on what was rendered before. Allocates
    // nothing from the second frame of a region on.
    //   Within a segment the laser and the medium are taken at its middle, the phase between the
    // arms is averaged (moving fringes wash out). Laser noise is one number per exposure.
    //   A frame of at least `shared_pixels` is shared out among the scratch's threads; they come
    // and go with it.
    struct Scratch {
        virtual ~Scratch() = default;
    };
    std::unique_ptr<Scratch> make_scratch(int threads = 1) const;
    static constexpr std::size_t shared_pixels = std::size_t{1} << 20;
    void expose(const Exposure& exposure, Scratch& scratch, hal::Frame& frame) const;

    // Prepares (draws and stores, if the scene allows) what frames of this region need. Optional;
    // expose() works without.
    void prepare(hal::Region region) const;

    double phase_rad(hal::Duration at) const;     // between the arms, drift and vibration
    double power_factor(hal::Duration at) const;  // laser noise and drift around 1

    // Double-precision twins; see SimulatedBench. Both leave out phase_rad().
    std::vector<std::complex<double>> true_field(const hal::BitPattern& pattern, hal::Region region,
                                                 hal::Duration at = hal::Duration{0}) const;
    std::vector<std::complex<double>> true_reference(hal::Region region) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace opal::sim
