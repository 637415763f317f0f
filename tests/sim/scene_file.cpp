// Scene files: every message a person can meet, typed by hand; and the round trip.
#include "sim/scene_file.h"

#include "sim/scene_fields.h"
#include "sim/scene_hints.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace opal::sim;

namespace {

std::string message(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
        parse_scene(text, "b.yaml", overrides);
    } catch (const SceneError& error) {
        return error.what();
    }
    return "accepted";
}

bool starts(const std::string& text, const std::string& beginning) {
    return text.rfind(beginning, 0) == 0;
}

}  // namespace

TEST_CASE("a file says only what differs from its base, or from the defaults") {
    const Scene plain = parse_scene("dmd:\n  macro_pixel_px: 20\n", "dir/bench.yaml");
    CHECK(plain.dmd.macro_pixel_px == 20);
    CHECK(plain.dmd.rows == Scene{}.dmd.rows);
    CHECK(plain.name == "bench");

    const Scene based = parse_scene("base: harsh\nseed: 7\nsensor:\n  prnu: 0\n", "mine.yaml");
    const Scene harsh = load_scene("harsh");
    CHECK(based.seed == 7);
    CHECK(based.sensor.prnu == 0);
    CHECK(based.stability.drift_rad == harsh.stability.drift_rad);
    CHECK(based.name == "mine");

    // The base is what the rest is laid on, wherever the line stands.
    const Scene late = parse_scene("seed: 7\nbase: harsh\n", "mine.yaml");
    CHECK(late.seed == 7);
    CHECK(late.stability.drift_rad == harsh.stability.drift_rad);

    CHECK(parse_scene("", "empty.yaml").dmd.rows == Scene{}.dmd.rows);
    CHECK(parse_scene("# nothing\n", "empty.yaml").name == "empty");
}

TEST_CASE("every kind of value is read") {
    const Scene s = parse_scene(
        "name: \"a \\\"b\\\"\"\nseed: 18446744073709551615\npace: real_time\n"
        "medium: {kind: layered, storage: never}\n"
        "sensor:\n  shot_noise: false\n  prnu: 2.5e-3\n  black_level_dn8: 6\n",
        "b.yaml");
    CHECK(s.name == "a \"b\"");
    CHECK(s.seed == 18446744073709551615u);
    CHECK(s.pace == Pace::real_time);
    CHECK(s.medium.kind == MediumKind::layered);
    CHECK(s.medium.storage == Storage::never);
    CHECK_FALSE(s.sensor.shot_noise);
    CHECK(s.sensor.prnu == 0.0025);
    CHECK(s.sensor.black_level_dn8 == 6.0);
}

TEST_CASE("a wrong unit names the right one") {
    CHECK(message("dmd:\n  min_exposure_ms: 1\n") ==
          "b.yaml:2:3: dmd.min_exposure_ms: wrong unit; allowed: min_exposure_us, a number, "
          "1 to 1000000 us");
    CHECK(message("dmd:\n  min_exposure: 1\n") ==
          "b.yaml:2:3: dmd.min_exposure: keys carry their unit; allowed: min_exposure_us, a "
          "number, 1 to 1000000 us");
    CHECK(message("dmd:\n  min_exposure_us: 105us\n") ==
          "b.yaml:2:20: dmd.min_exposure_us: '105us' carries a unit; the key already says us, "
          "write the number alone; allowed: a number, 1 to 1000000 us");
    CHECK(message("laser:\n  max_power_mw: 0.05 W\n") ==
          "b.yaml:2:17: laser.max_power_mw: '0.05 W' carries a unit; the key already says mW, "
          "write the number alone; allowed: a number, above 0 and at most 100000 mW");
    CHECK(message("sensor:\n  prnu: 1%\n") ==
          "b.yaml:2:9: sensor.prnu: '1%' carries a unit; this key has none; allowed: a number, "
          "0 to 0.5");
}

TEST_CASE("a wrong type names the right one") {
    CHECK(message("dmd:\n  rows: 10.5\n") ==
          "b.yaml:2:9: dmd.rows: '10.5' is no whole number in range; allowed: a whole number, "
          "1 to 16384 mirrors");
    CHECK(message("dmd:\n  rows: \"10\"\n") ==
          "b.yaml:2:9: dmd.rows: '10' is text, not a number; leave out the quotes; allowed: a "
          "whole number, 1 to 16384 mirrors");
    CHECK(message("dmd:\n  rows: [1, 2]\n") ==
          "b.yaml:2:9: dmd.rows: wrong type; allowed: a whole number, 1 to 16384 mirrors");
    CHECK(starts(message("dmd:\n  rows:\nseed: 3\n"), "b.yaml:2:3: dmd.rows: no value; allowed:"));
    CHECK(message("dmd: 5\n") ==
          "b.yaml:1:6: dmd: wrong type; allowed: a section with indented keys");
    CHECK(message("sensor:\n  shot_noise: yes\n") ==
          "b.yaml:2:15: sensor.shot_noise: 'yes' is neither true nor false; allowed: true or "
          "false");
    CHECK(message("medium:\n  storage: disk\n") ==
          "b.yaml:2:12: medium.storage: 'disk' is none of the choices; allowed: automatic, "
          "always or never");
    CHECK(starts(message("seed: -1\n"), "b.yaml:1:7: seed: '-1' is no whole number in range;"));
    CHECK(starts(message("seed: 18446744073709551616\n"), "b.yaml:1:7: seed: "));
    CHECK(starts(message("dmd:\n  rows: 99999999999\n"), "b.yaml:2:9: dmd.rows: "));
    CHECK(starts(message("dmd:\n  rows: 0x10\n"), "b.yaml:2:9: dmd.rows: "));
    CHECK(starts(message("name: \"a\\nb\"\n"), "b.yaml:1:7: name: 'a?b' has control characters"));
    CHECK(starts(message("name: \"\"\n"), "b.yaml:1:7: name: '' is empty"));
}

TEST_CASE("impossible values name the range") {
    CHECK(message("base: lab\nsensor:\n  prnu: 0.9\n") ==
          "b.yaml:3:9: sensor.prnu: '0.9' is impossible; allowed: a number, 0 to 0.5");
    CHECK(message("reference:\n  carrier_rows_cpp: 0.5\n") ==
          "b.yaml:2:21: reference.carrier_rows_cpp: '0.5' is impossible; allowed: a number, above "
          "-0.5 and below 0.5 cycles per pixel");
    // Legal numbers whose consequences would not fit into any: infinite light, infinite darkness.
    CHECK(starts(message("reference:\n  ratio: 1e-300\n"), "b.yaml:2:10: reference.ratio: "));
    CHECK(starts(message("sensor:\n  dark_doubling_k: 1\n"),
                 "b.yaml:2:20: sensor.dark_doubling_k: "));
    CHECK(starts(message("dmd:\n  contrast: nan\n"), "b.yaml:2:13: dmd.contrast: "));
    CHECK(starts(message("dmd:\n  contrast: .inf\n"), "b.yaml:2:13: dmd.contrast: "));
    CHECK(starts(message("dmd:\n  contrast: 1e999\n"), "b.yaml:2:13: dmd.contrast: "));
}

TEST_CASE("impossible combinations point to the key that was written") {
    CHECK(message("dmd:\n  rows: 30\n  columns: 40\n  macro_pixel_px: 31\n") ==
          "b.yaml:4:3: dmd.macro_pixel_px: 31 is more than the DMD's short side; allowed: 1 to 30");
    CHECK(starts(message("dmd: {rows: 30, columns: 40}\n"), "b.yaml:1:1: dmd.macro_pixel_px: 40"));
    CHECK(starts(message("base: lab\n", {"dmd.rows=30"}), "b.yaml: dmd.macro_pixel_px: 40"));
    // 1080 x 1920 mirrors, half of them 1036800.
    CHECK(message("dmd:\n  stuck_on: 1036800\n  stuck_off: 1\n") ==
          "b.yaml:3:3: dmd.stuck_off: 1036800 stuck on and 1 stuck off are more than half of the "
          "DMD; allowed: 1036800 together");
    CHECK(message("dmd:\n  stuck_on: 1036800\n") == "accepted");
    CHECK(message("medium:\n  decorrelation_s: 1e-300\n") ==
          "b.yaml:2:3: medium.decorrelation_s: 1e-300 is too short; allowed: 0 (never) or at least "
          "0.001");
    CHECK(starts(message("dmd:\n  illumination_row_offset_px: 541\n"),
                 "b.yaml:2:3: dmd.illumination_row_offset_px: "));
    CHECK(starts(message("dmd:\n  illumination_waist_px: 3\n"),
                 "b.yaml:2:3: dmd.illumination_waist_px: "));
    CHECK(starts(message("sensor:\n  rows: 3\n"),
                 "b.yaml: speckle.pixels_per_mode_rows: 4 is more than the sensor has"));
    CHECK(starts(message("sensor:\n  rows: 16384\n  columns: 16384\n"),
                 "b.yaml:3:3: sensor.columns: "));
}

TEST_CASE("unknown keys: the nearest one, or where it belongs") {
    CHECK(starts(message("dmd:\n  macro_pixl_px: 3\n"),
                 "b.yaml:2:3: dmd.macro_pixl_px: unknown key; did you mean macro_pixel_px? "
                 "allowed: rows, columns, pitch_um, "));
    CHECK(starts(message("dmdd:\n  rows: 5\n"),
                 "b.yaml:1:1: dmdd: unknown key; did you mean dmd? allowed: base, dmd, medium,"));
    CHECK(starts(message("dmd:\n  prnu: 0\n"),
                 "b.yaml:2:3: dmd.prnu: unknown key here; it exists as sensor.prnu; allowed: "));
    CHECK(starts(message("rows: 5\n"),
                 "b.yaml:1:1: rows: unknown key here; it exists as dmd.rows, sensor.rows; "));
    CHECK(starts(message("dmd:\n  base: lab\n"), "b.yaml:2:3: dmd.base: unknown key"));
}

TEST_CASE("a key may come once") {
    CHECK(message("dmd:\n  rows: 50\n  rows: 60\n") ==
          "b.yaml:3:3: dmd.rows: duplicate key; it is already in line 2; allowed: once");
    CHECK(message("base: lab\nbase: lab\n") ==
          "b.yaml:2:1: base: duplicate key; it is already in line 1; allowed: once");
    CHECK(starts(message("dmd:\n  rows: 50\ndmd:\n  columns: 60\n"), "b.yaml:3:1: dmd: dup"));
}

TEST_CASE("an unknown base lists the presets") {
    CHECK(message("base: labb\n") ==
          "b.yaml:1:7: base: 'labb' is no preset; allowed: lab, ideal, harsh, published");
    CHECK(starts(message("base: [lab]\n"), "b.yaml:1:7: base: "));
}

TEST_CASE("what is not a scene at all ends in one line, never in a crash") {
    CHECK(starts(message("dmd:\n\trows: 5\n"), "b.yaml:2:"));
    CHECK(starts(message("- a\n- b\n"), "b.yaml:1:1: a scene is a list of keys with values"));
    CHECK(starts(message("42\n"), "b.yaml:1:1: a scene is a list of keys"));
    CHECK(message("seed: 1\n---\nseed: 2\n") ==
          "b.yaml: more than one YAML document; allowed: one scene per file");
    CHECK(starts(message("%%%%\n"), "b.yaml: no keys in it"));
    CHECK(starts(message("? [a]\n: b\n"), "b.yaml:1:3: a key has to be one word"));
    CHECK(starts(message("dmd:\n  rows: *nobody\n"), "b.yaml:2:"));
    for (const std::string& nasty :
         {std::string(100000, '['), std::string(100000, '{'), std::string("a: &a [*a]"),
          std::string("\0\1\2", 3), std::string("\xff\xfe\x00", 3), std::string("seed: 1\n\x80"),
          std::string("&a: &a"), std::string("!!binary x"), std::string("{a: b"),
          std::string("\"unfinished"), std::string(", a\n")}) {
        const std::string text = message(nasty);
        CHECK(starts(text, "b.yaml"));
        CHECK(text.find('\n') == std::string::npos);
    }
}

TEST_CASE("every prefix of a preset is a scene or one clear line") {
    for (const ScenePreset& preset : scene_presets())
        for (std::size_t length = 0; length <= preset.text.size(); length += 7) {
            const std::string text = message(std::string(preset.text.substr(0, length)));
            CHECK((text == "accepted" || starts(text, "b.yaml")));
        }
}

TEST_CASE("overrides change one value after the file and name themselves") {
    const std::vector<std::string> changes = {"stability.drift_rad=0", "name=quiet",
                                              "stability.drift_rad=0.25"};
    const Scene s = load_scene("lab", changes);
    CHECK(s.stability.drift_rad == 0.25);
    CHECK(s.name == "quiet");
    CHECK(message("", {"dmd.rows=abc"}) ==
          "override 'dmd.rows=abc': dmd.rows: 'abc' is not a number; allowed: a whole number, "
          "1 to 16384 mirrors");
    CHECK(message("", {"dmd.rows"}) ==
          "override 'dmd.rows': not a change; allowed: section.key=value, e.g. "
          "stability.drift_rad=0");
    CHECK(starts(message("", {"dmd.row=3"}),
                 "override 'dmd.row=3': dmd.row: unknown key; did you "
                 "mean rows?"));
    CHECK(starts(message("", {"sensor.min_exposure_ms=3"}),
                 "override 'sensor.min_exposure_ms=3': sensor.min_exposure_ms: wrong unit; "));
    CHECK(starts(message("", {"=3"}), "override '=3': not a change; "));
}

TEST_CASE("dumping and parsing again gives the same scene, for every preset and odd values") {
    std::vector<Scene> scenes;
    for (const ScenePreset& preset : scene_presets())
        scenes.push_back(load_scene(std::string(preset.name)));
    Scene odd;
    odd.name = "x: # \"y\" \\";
    odd.seed = 0x8000000000000001u;
    odd.sensor.prnu = 0.1 + 0.2 - 0.25;
    odd.reference.curvature_rad_per_px2 = 1.0 / 3e8;
    odd.medium.kind = MediumKind::layered;
    odd.pace = Pace::real_time;
    odd.laser.interlock_closed = false;
    scenes.push_back(odd);
    for (const Scene& scene : scenes) {
        const std::string text = dump_scene(scene);
        const Scene again = parse_scene(text, "dumped.yaml");
        CHECK(dump_scene(again) == text);
        CHECK(again.name == scene.name);
        CHECK(again.seed == scene.seed);
        CHECK(again.sensor.prnu == scene.sensor.prnu);
        CHECK(again.reference.curvature_rad_per_px2 == scene.reference.curvature_rad_per_px2);
        CHECK(again.pace == scene.pace);
        // The explanation is a scene file too.
        CHECK(dump_scene(parse_scene(explain_scene(scene), "explained.yaml")) == text);
    }
}

TEST_CASE("the table knows every member of sim/scene.h") {
    // The header is the witness: every line that declares a member is one field.
    std::ifstream header(OPAL_SOURCE_DIR "/sim/scene.h");
    REQUIRE(header.is_open());
    std::size_t members = 0;
    bool inside = false;
    bool whole = false;
    for (std::string line; std::getline(header, line);) {
        if (starts(line, "struct ")) inside = true;
        whole = whole || starts(line, "struct Scene {");
        if (starts(line, "};")) inside = false;
        const bool member = inside && starts(line, "    ") && line[4] != ' ' && line[4] != '/';
        // In Scene itself the sections are not fields.
        if (member && !(whole && line.find("Scene ") != std::string::npos)) ++members;
    }
    CHECK(members == scene_fields().size());
}

TEST_CASE("the fingerprint changes with the bench and with nothing else") {
    const Scene lab = load_scene("lab");
    Scene other = lab;
    other.name = "renamed";
    other.pace = Pace::real_time;
    other.medium.storage = Storage::never;
    other.laser.interlock_closed = false;
    CHECK(scene_fingerprint(other) == scene_fingerprint(lab));
    other.seed = 2;
    CHECK(scene_fingerprint(other) != scene_fingerprint(lab));
    other = lab;
    other.reference.ratio = 16.000001;
    CHECK(scene_fingerprint(other) != scene_fingerprint(lab));
}

TEST_CASE("files: found, missing, and things that are no files") {
    const ScratchFolder folder;
    const std::string path = folder / "bench.yaml";
    std::ofstream(path) << "base: ideal\nseed: 9\n";
    CHECK(load_scene(path).seed == 9);
    CHECK(load_scene(path).name == "bench");
    const auto says = [](const std::string& name) {
        try {
            load_scene(name);
        } catch (const SceneError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK(says("labb") ==
          "labb: no such scene file or preset; did you mean lab? presets: lab, ideal, harsh, "
          "published");
    const std::string place = folder.path();
    CHECK(says(place) == place + ": not a file; a scene is a YAML text file");
    std::ofstream(path) << std::string(1 << 20, '#') << "\n";
    CHECK(starts(says(path), path + ": 1048577 bytes; a scene file has at most 1048576"));
    // A file of this system whose first page cannot be read.
    CHECK(says("/proc/self/mem") == "/proc/self/mem: cannot be read; check its permissions");
}
