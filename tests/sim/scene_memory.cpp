// SceneMemory: sums done by hand, what is refused and in which words, what must be allowed.
#include "sim/scene_memory.h"

#include "sim/scene_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace opal::sim;

namespace {

constexpr double gib = 1073741824.0;

double part(const SceneMemory& memory, std::string_view what) {
    const auto found = std::find_if(memory.parts.begin(), memory.parts.end(),
                                    [&](const auto& p) { return p.what == what; });
    REQUIRE(found != memory.parts.end());
    return found->bytes;
}

// 8192 x 8192 mirrors, each a column of a matrix that is always stored.
Scene impossible() {
    Scene scene;
    scene.dmd.rows = 8192;
    scene.dmd.columns = 8192;
    scene.dmd.macro_pixel_px = 1;
    scene.medium.storage = Storage::always;
    return scene;
}

}  // namespace

TEST_CASE("the default scene's parts, by hand") {
    const SceneMemory memory = estimate_memory(Scene{}, 2);
    const double pixels = 1080.0 * 1440;
    CHECK(part(memory, "sensor maps") == 20 * pixels);
    CHECK(part(memory, "frames") == 2 * pixels * 8);
    // 27 x 48 macro-pixels; modes of 4 x 4 pixels, and a few more around the edge.
    const double modes = part(memory, "stored medium") / (2 * 27 * 48);
    CHECK(modes > 270 * 360);
    CHECK(modes < (270 + 64) * (360 + 64));
    CHECK(part(memory, "DMD") == 25 * 27 * 48);
    CHECK(memory.pattern_bytes == 4 * 27 * 48);
    CHECK(memory.most_patterns == 4.0 * 27 * 48 * 4096);
    CHECK(memory.bytes() < gib);
}

TEST_CASE("decorrelation, storage and its limit change what the medium takes") {
    Scene scene;
    const double one = part(estimate_memory(scene, 2), "stored medium");
    scene.medium.storage = Storage::always;
    scene.medium.decorrelation_s = 100;
    CHECK(part(estimate_memory(scene, 2), "stored medium") == 4 * one);
    scene.medium.storage = Storage::automatic;
    scene.medium.storage_limit_mib = 2.5 * one / 1048576;
    CHECK(part(estimate_memory(scene, 2), "stored medium") == 2.5 * one);
    scene.medium.storage_limit_mib = 1.5 * one / 1048576;  // two epochs do not fit: none is stored
    CHECK(part(estimate_memory(scene, 2), "entries drawn for each frame") < one);
    scene.medium.storage = Storage::never;
    CHECK(part(estimate_memory(scene, 2), "entries drawn for each frame") < one);
}

TEST_CASE("more than the machine has is refused with the number and the fields to change") {
    // 2^26 macro-pixels times about 10^5 modes, two bytes each: more than 12 TiB.
    const auto problem = find_memory_problem(impossible(), 2, 32 * gib);
    REQUIRE(problem);
    CHECK(problem->path == "medium.storage");
    for (const char* words : {"TiB of memory", "stored medium", "this machine has 32 GiB",
                              "medium.storage (automatic or never)", "dmd.macro_pixel_px"})
        CHECK(problem->text.find(words) != std::string::npos);
    CHECK(problem->text.find('\n') == std::string::npos);
    Scene scene = impossible();
    scene.medium.storage = Storage::automatic;
    CHECK_FALSE(find_memory_problem(scene, 2, 32 * gib));
}

TEST_CASE("the presets and a million inputs by two million modes fit where they should") {
    for (const ScenePreset& preset : scene_presets()) {
        CAPTURE(preset.name);
        CHECK_FALSE(find_memory_problem(load_scene(std::string(preset.name)), 2, 4 * gib));
    }
    for (const auto kind : {MediumKind::dense, MediumKind::layered}) {
        Scene scene;
        scene.dmd.rows = 1024;
        scene.dmd.columns = 1024;
        scene.dmd.macro_pixel_px = 1;
        scene.sensor.rows = 4096;  // 16.8 megapixels
        scene.sensor.columns = 4096;
        scene.speckle = {4, 2};  // 1024 x 2048 modes
        scene.medium.kind = kind;
        CHECK_FALSE(find_memory_problem(scene, 2, 8 * gib));
    }
}

TEST_CASE("this machine has memory, and sizes read well") {
    CHECK(host_memory_bytes() > gib / 4);
    CHECK(host_memory_bytes() < 1e6 * gib);
    CHECK(memory_text(0) == "0 B");
    CHECK(memory_text(5184) == "5.1 KiB");
    CHECK(memory_text(23.6 * gib) == "24 GiB");
    CHECK(memory_text(1.26 * gib) == "1.3 GiB");
    CHECK(memory_text(1024 * gib) == "1.0 TiB");
}
