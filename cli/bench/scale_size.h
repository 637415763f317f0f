// ScaleSize: one rung of the ladder of `opal bench scale`, inputs x modes, and the bench that
// carries it.
//
// Every input is one mirror and every mode covers 4 x 2 pixels of the sensor, so a projection of
// 1,048,576 inputs to 2,097,152 modes is a DMD of 1024 x 1024 mirrors and a frame of 4096 x 4096
// pixels. All noise of the preset `lab` is on; the beam is uniform, so that every input counts.
#pragma once

#include "sim/scene.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opal::cli {

struct ScaleSize {
    std::int64_t inputs = 0;
    std::int64_t modes = 0;
    bool operator==(const ScaleSize&) const = default;
};

inline constexpr int scale_pixels_per_mode_rows = 4;
inline constexpr int scale_pixels_per_mode_columns = 2;

// 1 Ki x 2 Ki in steps of 4 up to 1 Mi x 2 Mi, and 50,000 x 10,000, the projection that feedback to
// GPT-3 would take [Launay 2020, section 5]. By number of entries, smallest first.
std::vector<ScaleSize> scale_ladder();

// "1024x2048"; throws BadInput for anything that no bench of this kind can carry.
ScaleSize parse_scale_size(const std::string& text);
std::string size_text(const ScaleSize& size);  // "1,024 x 2,048"

// Throws BadInput if the numbers do not factor into rows and columns that the devices can have.
sim::Scene scale_scene(sim::MediumKind kind, const ScaleSize& size);

std::string_view medium_name(sim::MediumKind kind);

}  // namespace opal::cli
