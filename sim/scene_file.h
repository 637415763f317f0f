// Scene files: YAML text -> Scene, strictly. Whatever is not exactly right is one line that says
// where, what, and what would be right:
//
//   bench.yaml:3:3: dmd.min_exposure_ms: wrong unit; allowed: min_exposure_us, a number, ...
//
// A file names only what differs from `base: <preset>`, or from the defaults of sim/scene.h if it
// has no base. Every key, unit and range comes from the table in sim/scene_fields.h.
#pragma once

#include "sim/scene.h"

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace opal::sim {

// what() is the one line above. Nothing of a scene with an error is used.
class SceneError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// "lab" or "path/to/bench.yaml"; a preset's name means the preset, "./lab" a file. `overrides` are
// "section.key=value", applied in order after the file. Throws SceneError.
Scene load_scene(const std::string& preset_or_path, std::span<const std::string> overrides = {});

// `name` stands for the file in messages; the scene takes it as its own if the text has no `name`.
Scene parse_scene(const std::string& text, const std::string& name,
                  std::span<const std::string> overrides = {});

// The whole scene as YAML that reads back to the same scene.
std::string dump_scene(const Scene& scene);

// Every key with its value in `scene`, unit, range and meaning: a scene file that teaches.
std::string explain_scene(const Scene& scene);

// Presets are part of the library; no file is needed at run time.
struct ScenePreset {
    std::string_view name;
    std::string_view text;  // YAML
};
std::span<const ScenePreset> scene_presets();  // the default first
inline constexpr std::string_view default_preset = "lab";

}  // namespace opal::sim
