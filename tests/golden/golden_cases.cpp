// GoldenCases: see golden_cases.h.
#include "tests/golden/golden_cases.h"

#include <algorithm>
#include <chrono>

namespace opal::golden {

using namespace std::chrono_literals;

namespace {

constexpr hal::Region middle = {16, 24, 32, 40};
constexpr hal::PixelFormat mono8 = hal::PixelFormat::mono8;
constexpr hal::PixelFormat mono10 = hal::PixelFormat::mono10;
constexpr hal::PixelFormat mono12 = hal::PixelFormat::mono12;

// The default bench, small.
sim::Scene small_scene() {
    sim::Scene scene;
    scene.seed = 20260101;
    scene.dmd.rows = 72;
    scene.dmd.columns = 128;
    scene.dmd.macro_pixel_px = 8;
    scene.dmd.illumination_waist_px = 90;
    scene.sensor.rows = 64;
    scene.sensor.columns = 88;
    return scene;
}

Shot shot(int pattern, std::uint64_t key, hal::Duration start = 1ms,
          hal::PixelFormat format = mono8, hal::Region region = middle) {
    return {region, format, 100us, key, {{pattern, start, 100us, 65536}}};
}

void add_optics(std::vector<Case>& cases) {
    Case plain{"plain", small_scene(), {shot(0, 0), shot(1, 1), shot(2, 2), shot(3, 3)}};
    cases.push_back(plain);

    Case fleeting = plain;  // the same hashes as `plain`
    fleeting.name = "never_stored";
    fleeting.scene.medium.storage = sim::Storage::never;
    cases.push_back(fleeting);

    Case formats{"formats", small_scene(), {}};
    formats.shots = {
        shot(2, 4, 2ms, mono8, {0, 0, 64, 88}), shot(2, 5, 2ms, mono10, {5, 7, 13, 31}),
        shot(3, 6, 2ms, mono12, {63, 87, 1, 1}), shot(3, 7, 2ms, mono12, {1, 2, 3, 70})};
    cases.push_back(formats);

    Case mirrors{"mirrors", small_scene(), {shot(0, 0), shot(2, 1)}};
    mirrors.scene.dmd.rows = 75;  // cut macro-pixels at both edges
    mirrors.scene.dmd.columns = 131;
    mirrors.scene.dmd.contrast = 100;
    mirrors.scene.dmd.stuck_on = 60;
    mirrors.scene.dmd.stuck_off = 40;
    mirrors.scene.dmd.illumination_row_offset_px = 7.5;
    mirrors.scene.dmd.illumination_column_offset_px = -20;
    cases.push_back(mirrors);

    Case reference{"reference", small_scene(), {shot(2, 0), shot(3, 1, 1ms, mono12)}};
    reference.scene.reference = {0.31, -0.27, 4, 70, -9, 11, 3e-4};
    cases.push_back(reference);

    Case fine{"one_by_three_pixels_per_mode", small_scene(), {shot(2, 0)}};
    fine.scene.speckle = {1, 3};
    cases.push_back(fine);

    Case coarse{"sixteen_pixels_per_mode", small_scene(), {shot(2, 0)}};
    coarse.scene.speckle = {16, 16};
    cases.push_back(coarse);

    Case layered{"layered", small_scene(), {shot(0, 0), shot(2, 1), shot(3, 2)}};
    layered.scene.medium.kind = sim::MediumKind::layered;
    cases.push_back(layered);
}

void add_time(std::vector<Case>& cases) {
    Case forgetful{"decorrelation", small_scene(), {}};
    forgetful.scene.medium.decorrelation_s = 10;
    forgetful.shots = {shot(2, 0, 0s), shot(2, 1, 3200ms), shot(2, 2, 12500ms), shot(3, 3, 40s)};
    cases.push_back(forgetful);

    Case forgetful_layers = forgetful;
    forgetful_layers.name = "layered_decorrelation";
    forgetful_layers.scene.medium.kind = sim::MediumKind::layered;
    forgetful_layers.shots.resize(2);
    cases.push_back(forgetful_layers);

    Case unstable{"unstable", small_scene(), {}};
    unstable.scene.stability = {1.5, 2, 0.4, 12000};
    unstable.scene.laser.power_noise = 0.02;
    unstable.scene.laser.power_drift = 0.05;
    unstable.scene.laser.power_drift_time_s = 3;
    unstable.shots = {shot(2, 0, 0s), shot(2, 1, 700ms), shot(2, 2, 5s), shot(2, 3, 3600s)};
    cases.push_back(unstable);

    Case changing{"segments", small_scene(), {}};
    changing.scene.stability.drift_rad = 0.5;
    changing.shots = {
        {middle, mono8, 150us, 0, {{2, 10us, 40us}, {0, 50us, 20us}, {3, 70us, 60us, 40000}}},
        {middle, mono10, 150us, 1, {{2, 10us, 40us, 0}, {3, 50us, 100us, 1234}}},
        {middle, mono12, 150us, 2, {}},
        {middle, mono8, 150us, 3, {{1, 0us, 0us}, {2, 0us, 100us}}},
    };
    cases.push_back(changing);
}

void add_sensor(std::vector<Case>& cases) {
    Case dark{"dark_frames", small_scene(), {}};
    dark.scene.sensor.hot_pixel_fraction = 0.05;
    dark.scene.sensor.temperature_c = 47;
    dark.shots = {{middle, mono10, 100us, 0, {}},
                  {middle, mono12, 2s, 1, {}},
                  {middle, mono12, 20ms, 2, {{2, 0s, 1us, 300}}}};
    cases.push_back(dark);

    Case uneven{"uneven_pixels", small_scene(), {shot(2, 0), shot(2, 1, 1ms, mono12)}};
    uneven.scene.sensor.prnu = 0.05;
    uneven.scene.sensor.dsnu_e = 40;
    uneven.scene.sensor.temperature_c = -10;
    cases.push_back(uneven);

    Case bright{"saturated", small_scene(), {shot(1, 0), shot(1, 1, 1ms, mono10)}};
    bright.scene.sensor.reference_photons_per_px_us = 130;
    bright.scene.sensor.gain_e_per_dn8 = 36;
    cases.push_back(bright);

    Case quiet{"noiseless", small_scene(), {shot(2, 0), shot(2, 1, 1ms, mono12)}};
    quiet.scene.sensor.shot_noise = false;
    quiet.scene.sensor.read_noise_e = 0;
    quiet.scene.sensor.dsnu_e = 0;
    quiet.scene.sensor.prnu = 0;
    cases.push_back(quiet);

    Case large{"large_numbers", small_scene(), {}};
    large.scene.seed = 0xFEDCBA9876543210u;
    large.shots = {shot(2, 0x123456789Au, 100h), shot(2, (std::uint64_t{1} << 56) - 1)};
    cases.push_back(large);
}

}  // namespace

std::vector<Case> golden_cases() {
    std::vector<Case> cases;
    add_optics(cases);
    add_time(cases);
    add_sensor(cases);
    return cases;
}

hal::BitPattern pattern_of(const sim::DmdScene& dmd, int number) {
    hal::BitPattern pattern(dmd.rows, dmd.columns);
    if (number == 0) return pattern;
    if (number == 1) {
        pattern.fill(0, 0, dmd.rows, dmd.columns, true);
        return pattern;
    }
    // Numerical Recipes' quick generator: nothing to do with the simulator's own.
    std::uint32_t state = static_cast<std::uint32_t>(number) * 7919u;
    const int block = 1 + number * 4 % 9;
    for (int r = 0; r < dmd.rows; r += block) {
        for (int c = 0; c < dmd.columns; c += block) {
            state = state * 1664525u + 1013904223u;
            if ((state >> 30 & 1u) == 0) continue;
            pattern.fill(r, c, std::min(block, dmd.rows - r), std::min(block, dmd.columns - c),
                         true);
        }
    }
    return pattern;
}

}  // namespace opal::golden
