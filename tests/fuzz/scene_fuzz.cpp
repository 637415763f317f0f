// Fuzz target: scene files (sim/scene_file.h). What is taken can be written and read back.
#include "tests/fuzz/fuzz_target.h"

#include "sim/scene_file.h"

namespace opal::fuzz {

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const auto& preset : sim::scene_presets()) all.push_back(bytes_of(preset.text));
    all.push_back(bytes_of(sim::dump_scene(sim::load_scene("lab"))));
    all.push_back(bytes_of("base: harsh\nseed: 7\ndmd: {rows: 240, columns: 320}\n"));
    return all;
}

std::vector<std::string> words() {
    return {"base: lab\n", "&a ",   "*a",   "<<: ",         "!!binary ", "[[[[",
            "{{{{",        "? ",    "|\n",  "---\n",        "...\n",     ".nan",
            "-.inf",       "1e999", "0x10", "\xef\xbb\xbf", "\xff\xfe",  "dmd:\n  rows: 0\n"};
}

void feed(std::span<const std::byte> input) {
    const std::string text(reinterpret_cast<const char*>(input.data()), input.size());
    sim::Scene scene;
    try {
        scene = sim::parse_scene(text, "input.yaml");
    } catch (const sim::SceneError& e) {
        require_one_line(e.what());
        return;
    }
    const std::string dumped = sim::dump_scene(scene);
    require(sim::dump_scene(sim::parse_scene(dumped, "dumped.yaml")) == dumped,
            "a scene that was taken reads back from what is written of it");
}

}  // namespace opal::fuzz
