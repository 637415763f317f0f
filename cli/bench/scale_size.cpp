// ScaleSize: numbers -> rectangles -> scene. See scale_size.h.
#include "cli/bench/scale_size.h"

#include "cli/exit_code.h"
#include "sim/scene_fields.h"
#include "sim/scene_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace opal::cli {

namespace {

struct Rectangle {
    std::int64_t rows = 1;
    std::int64_t columns = 1;
};

// The most square rectangle of this area, lying.
Rectangle rectangle_of(std::int64_t area) {
    Rectangle best{1, area};
    for (std::int64_t rows = 1; rows * rows <= area; ++rows) {
        if (area % rows == 0) best = {rows, area / rows};
    }
    return best;
}

std::string grouped(std::int64_t n) {
    std::string text = std::to_string(n);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::int64_t number_in(std::string_view text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    return error == std::errc() && end == text.data() + text.size() ? n : 0;
}

}  // namespace

std::vector<ScaleSize> scale_ladder() {
    std::vector<ScaleSize> ladder{{50000, 10000}};
    for (std::int64_t inputs = 1024; inputs <= 1048576; inputs *= 4) {
        ladder.push_back({inputs, 2 * inputs});
    }
    std::sort(ladder.begin(), ladder.end(), [](const ScaleSize& a, const ScaleSize& b) {
        return a.inputs * a.modes < b.inputs * b.modes;
    });
    return ladder;
}

ScaleSize parse_scale_size(const std::string& text) {
    const std::size_t cross = text.find('x');
    ScaleSize size;
    if (cross != std::string::npos) {
        size.inputs = number_in(std::string_view(text).substr(0, cross));
        size.modes = number_in(std::string_view(text).substr(cross + 1));
    }
    if (size.inputs < 1 || size.modes < 1) {
        throw BadInput(fmt::format(
            "--size {}: not a size; wanted is INPUTSxMODES, for instance 1024x2048", text));
    }
    scale_scene(sim::MediumKind::dense, size);
    return size;
}

std::string size_text(const ScaleSize& size) {
    return fmt::format("{} x {}", grouped(size.inputs), grouped(size.modes));
}

std::string_view medium_name(sim::MediumKind kind) {
    return kind == sim::MediumKind::layered ? "layered" : "dense";
}

sim::Scene scale_scene(sim::MediumKind kind, const ScaleSize& size) {
    sim::Scene scene = sim::load_scene(std::string(sim::default_preset));
    scene.name = fmt::format("scale {} {}x{}", medium_name(kind), size.inputs, size.modes);
    const Rectangle mirrors = rectangle_of(size.inputs);
    const Rectangle modes = rectangle_of(size.modes);
    constexpr std::int64_t longest_side = 16384;  // of a DMD and of a sensor, sim/scene_fields.cpp
    if (mirrors.columns > longest_side ||
        modes.columns * scale_pixels_per_mode_columns > longest_side ||
        modes.rows * scale_pixels_per_mode_rows > longest_side) {
        throw BadInput(fmt::format(
            "--size {}x{}: the smallest rectangles are {} x {} mirrors and {} x {} modes; a DMD or "
            "a sensor has at most {} in a row, take numbers with more factors",
            size.inputs, size.modes, mirrors.rows, mirrors.columns, modes.rows, modes.columns,
            longest_side));
    }
    scene.dmd.rows = static_cast<int>(mirrors.rows);
    scene.dmd.columns = static_cast<int>(mirrors.columns);
    scene.dmd.macro_pixel_px = 1;
    scene.dmd.stuck_on = 0;
    scene.dmd.stuck_off = 0;
    scene.dmd.illumination_waist_px = 0;
    scene.dmd.illumination_row_offset_px = 0;
    scene.dmd.illumination_column_offset_px = 0;
    scene.dmd.memory_patterns = 16;
    scene.medium.kind = kind;
    scene.medium.decorrelation_s = 0;  // one epoch: a projection is one pass through the medium
    scene.speckle.pixels_per_mode_rows = scale_pixels_per_mode_rows;
    scene.speckle.pixels_per_mode_columns = scale_pixels_per_mode_columns;
    scene.sensor.rows = static_cast<int>(modes.rows) * scale_pixels_per_mode_rows;
    scene.sensor.columns = static_cast<int>(modes.columns) * scale_pixels_per_mode_columns;
    // The side band lies in [1/4, 1/2] cycles per pixel downwards, clear of the |S|^2 band, and is
    // moved by a quarter to the side. Flat and known, so that nothing needs calibrating.
    scene.reference.carrier_rows_cpp = 0.375;
    scene.reference.carrier_columns_cpp = 0.25;
    scene.reference.waist_px = 0;
    scene.reference.row_offset_px = 0;
    scene.reference.column_offset_px = 0;
    scene.reference.curvature_rad_per_px2 = 0;
    if (const auto problem = sim::find_problem(scene)) {
        throw BadInput(fmt::format("--size {}x{}: {}: {}", size.inputs, size.modes, problem->path,
                                   problem->text));
    }
    return scene;
}

}  // namespace opal::cli
