// ScaleRow: what one size costs, measured in this process: pattern -> light -> frame -> field.
//
//   first_s       a fresh bench: load the pattern, show it, take the frame, demodulate
//   projection_s  the same again with another pattern, the fastest of `repeats`
//   medium_s, frame_s, demodulate_s: its parts alone; a frame is medium, interference and sensor
//
// Devices are set up and the light is on before the clock starts. Dense media beyond the scene's
// storage limit draw their entries anew each time.
#pragma once

#include "cli/bench/scale_size.h"

#include <nlohmann/json_fwd.hpp>

#include <stop_token>

namespace opal::cli {

struct ScaleRow {
    sim::MediumKind medium = sim::MediumKind::layered;
    ScaleSize size;
    std::int64_t grid_modes = 0;  // those whose light reaches the sensor, margins included
    std::int64_t pixels = 0;
    bool stored = false;  // the matrix was drawn once and kept
    int repeats = 0;
    double setup_s = 0;  // scene -> bench, demodulator
    double first_s = 0;
    double projection_s = 0;  // 0: only the first was taken
    double cpu_s = 0;         // of the projection that took least of all threads together
    double medium_s = 0;      // 0: not taken apart
    double frame_s = 0;
    double demodulate_s = 0;
    double peak_mib = 0;     // of the whole process, after the last projection
    double correlation = 0;  // of the field with the double-precision truth
    std::int64_t checked_modes = 0;

    // The time of one projection once everything is set up.
    double seconds() const { return projection_s > 0 ? projection_s : first_s; }
};

// The row before it is measured: what is known from the size alone.
ScaleRow planned_scale_row(sim::MediumKind kind, const ScaleSize& size);

// Repeats for budget_s after the first projection, but at least twice, and takes it apart; not at
// all if the first took longer than a minute.
ScaleRow measure_scale_row(sim::MediumKind kind, const ScaleSize& size, double budget_s,
                           std::stop_token stop);

nlohmann::json to_json(const ScaleRow& row);
ScaleRow scale_row_from(const nlohmann::json& json);

}  // namespace opal::cli
