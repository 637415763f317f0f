// SampleRecord: a record by hand, small and valid, for tests of what is done with records.
#pragma once

#include "calibration/layout.h"
#include "calibration/record.h"

namespace opal::tests {

// Every kind of field, with values that cannot be mistaken for a default or for each other.
inline calibration::Record sample_record() {
    calibration::Record r;
    r.bench_name = "simulated bench 'lab'";
    r.bench_identity = "medium 1f; \xC2\xB5m";  // not only ASCII
    r.created_by = "opal 0.1.0";
    r.options = "3 inputs";
    r.dmd_rows = 1080;
    r.dmd_columns = 1920;
    r.inputs = 3;
    r.layout = calibration::Layout(1080, 1920, 3).fingerprint();
    r.laser_power_mw = 41.25;
    r.timing = {std::chrono::nanoseconds(120500), std::chrono::microseconds(14),
                std::chrono::microseconds(140), std::chrono::microseconds(64)};
    r.survey = {28, 208, 1024, 1024};
    auto& h = r.holography;
    h.region = {476, 656, 4, 6};
    h.format = hal::PixelFormat::mono10;
    h.black_level_dn = 16.5;
    h.carrier_rows_cpp = 0.3713;
    h.carrier_columns_cpp = -0.3641;
    h.curvature_rad_per_px2 = 2e-7;
    h.pitch_rows_px = 2;
    h.pitch_columns_px = 3;
    h.mode_rows = 2;
    h.mode_columns = 2;
    h.demodulation = calibration::Demodulation::kramers_kronig;
    for (int i = 0; i < 24; ++i) h.reference_dn.push_back(100.25F + static_cast<float>(i));
    r.dark.emplace();
    r.dark->deep_bits = 12;
    r.dark->verdict.passed = true;
    r.dark->verdict.text = "black level fine";
    r.dark->verdict.inputs = "00ff";
    r.dark->black_level_dn = {16.5, 0.001};
    r.dark->hot_pixels = {7, 1048575};
    r.validation.emplace();
    r.validation->patterns = 256;
    r.validation->verdict.text = "want 0.98";
    r.validation->verdict.inputs = "abcd";
    r.validation->verdict.made_from = {{"drift", "0123"}, {"transmission matrix", "4567"}};
    r.validation->verdict.checks = {{.name = "correlation", .value = 0.5, .low = 0.98}};
    r.validation->verdict.measured_utc_s = 1.8e9;
    r.validation->budget.resize(2);
    r.validation->budget[0].name = "shot noise";
    r.validation->budget[0].share = 4e-4;
    r.validation->budget[0].measured = {4.1e-4, 1e-6};
    r.validation->budget[0].separable = true;
    r.validation->budget[1].name = "drift";
    r.validation->budget[1].share = 2e-7;
    r.validation->budget[1].how = "the phase stood still";
    for (int i = 0; i < 32 * 4; ++i)
        r.identity.columns.emplace_back(static_cast<float>(i), -0.5F * static_cast<float>(i));
    for (int i = 0; i < 4; ++i) r.identity.background.emplace_back(0.125F, static_cast<float>(i));
    r.matrix.emplace();
    r.matrix->inputs = 3;
    r.matrix->order = 4;
    r.matrix->repeats = 2;
    r.matrix->frames = 16;
    r.matrix->input_variance = {0.25F, 0.25F, 0.25F};
    for (int i = 0; i < 12; ++i) r.matrix->entries.emplace_back(1.5F, static_cast<float>(-i));
    r.matrix->singular_values = {3, 2, 1};
    return r;
}

}  // namespace opal::tests
