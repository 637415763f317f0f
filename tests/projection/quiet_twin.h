// A small simulated bench, and a calibration record measured on its quiet twin: the same medium and
// geometry without noise and drift, every field taken alone, one pattern at a time. It owes nothing
// to calibration's graph, and tests of the hot path stand on it.
#pragma once

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/layout.h"
#include "calibration/record.h"
#include "calibration/session.h"
#include "hal/laser.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <cmath>
#include <complex>
#include <memory>
#include <string>
#include <vector>

namespace opal::tests {

inline constexpr int twin_inputs = 10;
inline constexpr int twin_side_px = 128;  // of the camera region: 32 x 32 modes

// `lab` with a flat reference, on 240 x 320 mirrors; the medium resolves each of the 32 blocks of
// the guard strip. Noisy and drifting as `lab` is.
inline sim::Scene small_lab(std::vector<std::string> overrides = {}) {
    std::vector<std::string> all{"dmd.rows=240",
                                 "dmd.columns=320",
                                 "dmd.macro_pixel_px=10",
                                 "dmd.stuck_on=0",
                                 "dmd.stuck_off=0",
                                 "dmd.illumination_waist_px=300",
                                 "dmd.illumination_row_offset_px=0",
                                 "dmd.illumination_column_offset_px=0",
                                 "medium.decorrelation_s=0",
                                 "reference.waist_px=0",
                                 "reference.curvature_rad_per_px2=0",
                                 "sensor.rows=192",
                                 "sensor.columns=192",
                                 "sensor.prnu=0",
                                 "sensor.hot_pixel_fraction=0",
                                 "laser.warm_up_s=0.1"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return sim::load_scene("lab", all);
}

inline sim::Scene quiet(sim::Scene scene) {
    scene.stability = {.drift_rad = 0, .vibration_rad = 0};
    scene.sensor.shot_noise = false;
    scene.sensor.read_noise_e = 0;
    scene.sensor.dark_current_e_per_s = 0;
    scene.sensor.dsnu_e = 0;
    scene.laser.power_noise = 0;
    scene.laser.power_drift = 0;
    return scene;
}

// Holography from the scene's own numbers: the carrier, and the flat reference in DN.
inline calibration::Holography true_holography(const sim::SimulatedBench& bench,
                                               hal::Duration exposure) {
    const sim::Scene& scene = bench.scene();
    calibration::Holography h;
    h.region = {32, 32, twin_side_px, twin_side_px};
    h.format = hal::PixelFormat::mono12;
    const double dn8_per_dn12 = 1.0 / 16;
    h.black_level_dn = scene.sensor.black_level_dn8 / dn8_per_dn12;
    h.carrier_rows_cpp = scene.reference.carrier_rows_cpp;
    h.carrier_columns_cpp = scene.reference.carrier_columns_cpp;
    h.pitch_rows_px = scene.speckle.pixels_per_mode_rows;
    h.pitch_columns_px = scene.speckle.pixels_per_mode_columns;
    h.mode_rows = twin_side_px / h.pitch_rows_px;
    h.mode_columns = twin_side_px / h.pitch_columns_px;
    const double electrons = std::norm(bench.true_reference(h.region).front()) *
                             std::chrono::duration<double, std::micro>(exposure).count();
    const double dn = electrons / (scene.sensor.gain_e_per_dn8 * dn8_per_dn12);
    h.reference_dn.assign(h.region.pixels(), static_cast<float>(dn));
    return h;
}

inline calibration::Record quiet_record(const sim::Scene& scene) {
    using calibration::code_blocks;
    const auto twin = sim::make_simulated_bench(quiet(scene));
    calibration::Record record;
    record.bench_name = "quiet twin";
    // The record is used on the noisy bench: same medium, same geometry.
    record.bench_identity = sim::make_simulated_bench(scene)->identity();
    record.dmd_rows = scene.dmd.rows;
    record.dmd_columns = scene.dmd.columns;
    record.inputs = twin_inputs;
    record.laser_power_mw = scene.laser.max_power_mw;
    const hal::Duration exposure = std::chrono::microseconds(100);
    record.holography = true_holography(*twin, exposure);
    record.timing =
        calibration::plan_timing(*twin, record.holography.region, record.holography.format,
                                 exposure, std::chrono::microseconds(30));

    // Black, every guard block alone, every input alone.
    const calibration::Layout layout(record.dmd_rows, record.dmd_columns, twin_inputs);
    const std::vector<std::uint8_t> nothing(twin_inputs, 0);
    std::vector<hal::BitPattern> patterns(1 + code_blocks + twin_inputs);
    for (std::size_t k = 0; k < patterns.size(); ++k) {
        layout.draw_without_code(nothing, patterns[k]);
        if (k == 0) continue;
        const auto part = static_cast<int>(k) - 1;
        const auto b =
            part < code_blocks ? layout.code_block(part) : layout.input_block(part - code_blocks);
        patterns[k].fill(b.row, b.column, b.rows, b.columns, true);
    }
    const std::size_t modes = record.holography.modes();
    std::vector<std::vector<std::complex<float>>> fields(patterns.size());
    {
        const hal::EmissionGuard light(
            twin->laser(), twin->clock(), record.laser_power_mw, twin->laser_limit_mw(),
            hal::Deadline::after(twin->clock(), std::chrono::seconds(10)));
        calibration::Acquisition acquisition(*twin, record.holography.region,
                                             record.holography.format, record.timing);
        const calibration::Demodulator demodulator(record.holography);
        calibration::Demodulator::Workspace workspace;
        acquisition.acquire_stepped(patterns, [&](std::size_t k, const hal::Frame& frame) {
            fields[k].resize(modes);
            demodulator.demodulate(frame, fields[k], workspace);
        });
    }
    auto& matrix = record.matrix.emplace();
    matrix.inputs = twin_inputs;
    record.identity.background = fields[0];
    for (std::size_t k = 1; k < fields.size(); ++k) {
        auto& into = k <= code_blocks ? record.identity.columns : matrix.entries;
        for (std::size_t m = 0; m < modes; ++m) into.push_back(fields[k][m] - fields[0][m]);
    }
    return record;
}

inline const calibration::Record& small_lab_record() {
    static const calibration::Record record = quiet_record(small_lab());
    return record;
}

}  // namespace opal::tests
