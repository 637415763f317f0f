// Interference: closed forms, and the same floats on every instruction set.
#include "sim/physics/interference.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <vector>

using namespace opal::sim;

TEST_CASE("intensity is |S + R|^2, and |S|^2 + |R|^2 when fringes have washed out") {
    const std::vector<std::int16_t> s = {3, 4, -3, 0, 0, 2, 100, -200};  // re, im
    const std::vector<float> r_re = {10, 3, 0, 50};
    const std::vector<float> r_im = {-4, 0, 5, 75};
    std::vector<float> e = {1, 1, 1, 1};
    add_intensity({s, r_re, r_im}, {0.5f, 0.0f}, e);
    CHECK(e == std::vector<float>{1 + 169 / 2.0f, 1, 1 + 49 / 2.0f, 1 + (22500 + 15625) / 2.0f});
    e = {0, 0, 0, 0};
    add_intensity({s, r_re, r_im}, {1.0f, 2.0f}, e);  // visibility 0
    CHECK(e == std::vector<float>{25 + 116, 18, 29, 50000 + 8125});
    e = {0, 0, 0, 0};
    add_intensity({s, r_re, r_im}, {1.0f, 1.0f}, e);  // visibility 1/2
    CHECK(e == std::vector<float>{155, 9, 39, 48125});
}

TEST_CASE("light never takes electrons away") {
    // Washed out by more than there is: only rounding can get here, and it must not go below 0.
    const std::vector<std::int16_t> s = {1000, 1000};
    const std::vector<float> r = {1000};
    std::vector<float> e = {7};
    add_intensity({s, r, r}, {1.0f, 5.0f}, e);
    CHECK(e[0] == 7);
}

TEST_CASE("intensities are the same on every instruction set") {
    constexpr std::size_t count = 103;
    std::vector<std::int16_t> s(2 * count);
    std::vector<float> r_re(count);
    std::vector<float> r_im(count);
    std::vector<float> before(count);
    for (std::size_t x = 0; x < count; ++x) {
        s[2 * x] = static_cast<std::int16_t>(x * 40503);
        s[2 * x + 1] = static_cast<std::int16_t>(x * 30011);
        r_re[x] = static_cast<float>(x * 2654435761u % 30000) - 15000;
        r_im[x] = static_cast<float>(x * 805459861u % 30000) - 15000;
        before[x] = static_cast<float>(x) / 7;
    }
    const Light light = {1.7e-7f, 0.013f};
    std::vector<float> expected = before;
    add_intensity_plain({s, r_re, r_im}, light, expected);
    opal::test::for_each_vector_target([&] {
        std::vector<float> e = before;
        add_intensity({s, r_re, r_im}, light, e);
        CHECK(e == expected);
    });
}
