// Stability: what does not hold still: the phase between the arms, the laser's power. Pure
// functions of time and seed.
//
//   phase(t) = drift_rad * G(t / drift_time_s) + sqrt(2) vibration_rad sin(2 pi f t + phi_0)
//   power(t) = 1 + power_drift * G'(t / power_drift_time_s) + power_noise * white(t)
// G runs smoothly through independent unit normals at the integers: between two of them it is
// cos(a) g_j + sin(a) g_j+1, with a going from 0 to a quarter turn with zero slope at both ends, so
// its variance is 1 at every moment.
#pragma once

#include "hal/clock.h"
#include "sim/physics/random_streams.h"
#include "sim/scene.h"

#include <cstdint>

namespace opal::sim {

// What an exposure sees of a phase that moves meanwhile: the mean of exp(i phase).
struct MeanPhase {
    double cosine = 1;  // of the mean's argument
    double sine = 0;
    double visibility = 1;  // its absolute value
};

// Where the medium is between two epochs: T = near * T_epoch + far * T_(epoch + 1).
struct MediumMix {
    std::uint32_t epoch = 0;
    double near = 1;
    double far = 0;
};

class Stability {
public:
    explicit Stability(const Scene& scene);

    double phase_rad(hal::Duration at) const;
    MeanPhase mean_phase(hal::Duration start, hal::Duration duration) const;
    double power_factor(hal::Duration at) const;
    // `turned_rad`: the medium has turned further into the next by this angle than time says.
    MediumMix medium_mix(hal::Duration at, double turned_rad = 0) const;

private:
    double wander(RandomStream stream, double position) const;

    std::uint64_t seed_;
    StabilityScene scene_;
    LaserScene laser_;
    double decorrelation_s_;
    double vibration_turns_;  // phi_0
};

}  // namespace opal::sim
