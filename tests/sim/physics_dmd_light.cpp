// DmdLight: closed forms for single macro-pixels, and the mirror-by-mirror twin for everything.
#include "sim/physics/dmd_light.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <utility>

using namespace opal;
using namespace opal::sim;

namespace {

DmdScene small_dmd() {
    DmdScene scene;
    scene.rows = 64;
    scene.columns = 200;
    scene.macro_pixel_px = 16;
    scene.contrast = 400;
    scene.illumination_waist_px = 0;
    return scene;
}

hal::BitPattern scattered(const DmdScene& scene, unsigned stride) {
    hal::BitPattern pattern(scene.rows, scene.columns);
    unsigned state = 12345;
    for (int r = 0; r < scene.rows; ++r) {
        for (int c = 0; c < scene.columns; ++c) {
            state = state * 1664525u + 1013904223u;
            // Some rows repeat the one above, as encoders' patterns do.
            const bool repeat = r > 0 && r % 5 != 0;
            pattern.set(r, c, repeat ? pattern.at(r - 1, c) : (state >> 16) % stride == 0);
        }
    }
    return pattern;
}

void check_against_twin(const DmdScene& scene, const hal::BitPattern& pattern) {
    const DmdLight light(scene, 77);
    ChannelAmplitudes got;
    light.reduce(pattern, got);
    const std::vector<double> expected = light.reduce_plain(pattern);
    REQUIRE(got.q12.size() == expected.size());
    for (std::size_t c = 0; c < expected.size(); ++c) {
        CAPTURE(c);
        // One rounding to the nearest q12.
        CHECK(std::abs(got.q12[c] - 4096 * expected[c]) <= 0.5 + 1e-6);
    }
}

}  // namespace

TEST_CASE("a uniformly lit DMD sends full, half and leaking macro-pixels") {
    const DmdScene scene = small_dmd();  // 4 x 13 macro-pixels, the last column 8 of 16 wide
    const DmdLight light(scene, 1);
    CHECK(light.channels() == 52);
    hal::BitPattern pattern(scene.rows, scene.columns);
    pattern.fill(0, 0, 16, 16, true);    // channel 0: full
    pattern.fill(16, 16, 8, 16, true);   // channel 13 + 1: half
    pattern.fill(32, 192, 16, 8, true);  // channel 26 + 12: all mirrors of a cut macro-pixel
    ChannelAmplitudes got;
    light.reduce(pattern, got);
    // Leak is 1/sqrt(400) = 0.05 of the amplitude: 204.8 -> 205.
    CHECK(got.q12[0] == 4096);
    CHECK(got.q12[1] == 205);
    CHECK(got.q12[14] == 2150);  // 4096 * (0.5 + 0.5 * 0.05) = 2150.4
    CHECK(got.q12[38] == 2048);
    CHECK(got.q12[51] == 102);  // half the mirrors, all off: 102.4
    CHECK(light.dark().q12[0] == 205);
    // 4 rows of 12 full macro-pixels and one of half size, amplitudes squared.
    CHECK(light.full_power() == doctest::Approx(4 * (12 + 0.25)).epsilon(1e-12));
}

TEST_CASE("the beam's amplitude falls as exp(-r^2 / w^2) from its centre") {
    DmdScene scene = small_dmd();
    scene.rows = scene.columns = 160;
    scene.contrast = 1e12;
    scene.illumination_waist_px = 90;
    scene.illumination_row_offset_px = 8;  // onto the centre of macro-pixel row 5
    scene.illumination_column_offset_px = -8;
    const DmdLight light(scene, 1);
    hal::BitPattern pattern(160, 160);
    pattern.fill(0, 0, 160, 160, true);
    ChannelAmplitudes got;
    light.reduce(pattern, got);
    CHECK(got.q12[5 * 10 + 4] == 4096);
    for (int i = 0; i < 10; ++i) {
        for (int j = 0; j < 10; ++j) {
            const double r2 = 256.0 * ((i - 5) * (i - 5) + (j - 4) * (j - 4));
            CHECK(std::abs(got.q12[i * 10 + j] - 4096 * std::exp(-r2 / 8100)) <= 0.5 + 1e-6);
        }
    }
}

TEST_CASE("any pattern on any geometry agrees with the mirror-by-mirror twin") {
    for (const int macro : {1, 7, 16, 40, 64, 100, 300}) {
        CAPTURE(macro);
        DmdScene scene = small_dmd();
        scene.macro_pixel_px = macro;
        scene.illumination_waist_px = 120;
        scene.stuck_on = 40;
        scene.stuck_off = 25;
        check_against_twin(scene, hal::BitPattern(scene.rows, scene.columns));
        check_against_twin(scene, scattered(scene, 2));
        check_against_twin(scene, scattered(scene, 7));
    }
}

TEST_CASE("stuck mirrors are as many as asked, apart, and ignore the pattern") {
    DmdScene scene = small_dmd();
    scene.contrast = 1e12;
    scene.stuck_on = 300;
    scene.stuck_off = 200;
    const DmdLight light(scene, 5);
    std::set<std::pair<int, int>> places;
    int on = 0;
    for (const StuckMirror& m : light.stuck()) {
        places.emplace(m.row, m.column);
        on += m.on ? 1 : 0;
    }
    CHECK(places.size() == 500);
    CHECK(on == 300);
    // Black: exactly the 300 stuck ones shine. In units of one mirror of 256.
    double mirrors = 0;
    for (const std::int32_t q : light.dark().q12) mirrors += q / 16.0;
    CHECK(mirrors == doctest::Approx(300).epsilon(1e-9));
    hal::BitPattern white(scene.rows, scene.columns);
    white.fill(0, 0, scene.rows, scene.columns, true);
    ChannelAmplitudes got;
    light.reduce(white, got);
    mirrors = 0;
    for (const std::int32_t q : got.q12) mirrors += q / 16.0;
    CHECK(mirrors == doctest::Approx(64 * 200 - 200).epsilon(1e-9));
}
