// Stability: what drifts does so by the amount and at the pace the scene says.
#include "sim/physics/stability.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

using namespace opal;
using namespace opal::sim;
using namespace std::chrono_literals;

TEST_CASE("a quiet scene holds still") {
    const Stability quiet{Scene{}};
    CHECK(quiet.phase_rad(12345s) == 0);
    CHECK(quiet.power_factor(12345s) == 1);
    const MeanPhase phase = quiet.mean_phase(3s, 100us);
    CHECK(phase.cosine == 1);
    CHECK(phase.sine == 0);
    CHECK(phase.visibility == 1);
    const MediumMix mix = quiet.medium_mix(12345s);
    CHECK(mix.epoch == 0);
    CHECK(mix.near == 1);
    CHECK(mix.far == 0);
}

TEST_CASE("the phase drifts with the promised rms and forgets after drift_time_s") {
    Scene scene;
    scene.stability.drift_rad = 0.7;
    scene.stability.drift_time_s = 2;
    const Stability drift(scene);
    double square = 0;
    double near = 0;
    double far = 0;
    constexpr int count = 20000;
    for (int n = 0; n < count; ++n) {
        const hal::Duration t = 1700ms * n;  // walks through all places between lattice points
        const double p = drift.phase_rad(t);
        square += p * p;
        near += p * drift.phase_rad(t + 20ms);
        far += p * drift.phase_rad(t + 4s);
    }
    // About count * 1.7 / 2 independent normals: standard error of a variance 1.1 %, of a
    // correlation 0.8 %; four of them.
    CHECK(std::abs(square / count / 0.49 - 1) < 0.044);
    CHECK(near / square > 0.999);  // 1 % of drift_time_s: 1 - (pi / 2 * 1.5 * 0.01)^2 / 2 at worst
    CHECK(std::abs(far / square) < 0.035);
}

TEST_CASE("the drift is smooth across lattice points") {
    Scene scene;
    scene.stability.drift_rad = 1;
    scene.stability.drift_time_s = 1;
    const Stability drift(scene);
    for (int j = 1; j < 30; ++j) {
        const double before = drift.phase_rad(std::chrono::seconds(j) - 1ms);
        const double at = drift.phase_rad(std::chrono::seconds(j));
        const double after = drift.phase_rad(std::chrono::seconds(j) + 1ms);
        // Zero slope at lattice points: a change of pi/2 * 3 * (1e-3)^2 * |g| <= 5e-6 * 5.
        CHECK(std::abs(after - at) < 2.5e-5);
        CHECK(std::abs(at - before) < 2.5e-5);
    }
}

TEST_CASE("vibration has its frequency and rms") {
    Scene scene;
    scene.stability.vibration_rad = 0.3;
    scene.stability.vibration_hz = 50;
    const Stability vibration(scene);
    double square = 0;
    for (int n = 0; n < 1000; ++n) {
        const hal::Duration t = 20us * n;  // one period of 20 ms
        square += std::pow(vibration.phase_rad(t), 2) / 1000;
        CHECK(vibration.phase_rad(t) ==
              doctest::Approx(vibration.phase_rad(t + 40ms)).epsilon(1e-9));
        CHECK(vibration.phase_rad(t) ==
              doctest::Approx(-vibration.phase_rad(t + 10ms)).epsilon(1e-9));
    }
    CHECK(square == doctest::Approx(0.09).epsilon(1e-9));
}

TEST_CASE("an exposure of many vibration periods sees fringes of contrast J0") {
    Scene scene;
    scene.stability.vibration_rad = 0.5;
    scene.stability.vibration_hz = 1000;
    const Stability vibration(scene);
    const MeanPhase mean = vibration.mean_phase(0s, 5ms);
    // The mean of exp(i a sin x) over whole periods is J0(a), a = sqrt(2) rms.
    CHECK(mean.visibility == doctest::Approx(std::cyl_bessel_j(0.0, std::sqrt(0.5))).epsilon(1e-6));
    CHECK(mean.cosine == doctest::Approx(1).epsilon(1e-6));
    // An exposure much shorter than a period sees the phase at its middle.
    const MeanPhase moment = vibration.mean_phase(300us, 2us);
    CHECK(moment.visibility == 1);
    CHECK(moment.cosine == doctest::Approx(std::cos(vibration.phase_rad(301us))).epsilon(1e-14));
    CHECK(moment.sine == doctest::Approx(std::sin(vibration.phase_rad(301us))).epsilon(1e-14));
}

TEST_CASE("laser noise is white from moment to moment, drift is slow") {
    Scene scene;
    scene.laser.power_noise = 0.01;
    const Stability noise(scene);
    double mean = 0;
    double square = 0;
    double product = 0;
    constexpr int count = 20000;
    for (int n = 0; n < count; ++n) {
        const double p = noise.power_factor(100us * n) - 1;
        mean += p / count;
        square += p * p / count;
        product += p * (noise.power_factor(100us * n + 1ns) - 1) / count;
    }
    // Standard errors 1 / sqrt(n) = 0.7 % and sqrt(2 / n) = 1 %; four of them.
    CHECK(std::abs(mean) < 0.01 * 0.028);
    CHECK(std::abs(square / 1e-4 - 1) < 0.04);
    CHECK(std::abs(product / 1e-4) < 0.028);

    scene.laser.power_noise = 0;
    scene.laser.power_drift = 0.05;
    scene.laser.power_drift_time_s = 60;
    const Stability drift(scene);
    square = 0;
    for (int n = 0; n < count; ++n) {
        const double p = drift.power_factor(50s * n) - 1;
        square += p * p / count;
        CHECK_UNARY(std::abs(drift.power_factor(50s * n + 10ms) - 1 - p) < 1e-4);
    }
    CHECK(std::abs(square / 0.0025 - 1) < 0.05);
}

TEST_CASE("laser power never goes below zero") {
    Scene scene;
    scene.laser.power_noise = 3;
    const Stability noise(scene);
    int dark = 0;
    for (int n = 0; n < 1000; ++n) {
        CHECK_UNARY(noise.power_factor(1us * n) >= 0);
        dark += noise.power_factor(1us * n) == 0 ? 1 : 0;
    }
    CHECK(dark > 200);
}

TEST_CASE("the medium turns a quarter of a circle per decorrelation_s") {
    Scene scene;
    scene.medium.decorrelation_s = 10;
    const Stability s(scene);
    CHECK(s.medium_mix(0s).epoch == 0);
    CHECK(s.medium_mix(0s).near == 1);
    CHECK(s.medium_mix(0s).far == 0);
    CHECK(s.medium_mix(4s).near ==
          doctest::Approx(std::cos(0.2 * 3.14159265358979)).epsilon(1e-14));
    CHECK(s.medium_mix(4s).far == doctest::Approx(std::sin(0.2 * 3.14159265358979)).epsilon(1e-14));
    CHECK(s.medium_mix(20s).epoch == 2);
    CHECK(s.medium_mix(20s).near == 1);
    CHECK(s.medium_mix(29s).epoch == 2);
}
