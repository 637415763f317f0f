// Sensor against the closed forms of EMVA 1288 and of the distributions it promises.
#include "sim/physics/gaussian.h"
#include "sim/physics/sensor.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace opal;
using namespace opal::sim;

namespace {

struct Moments {
    double mean = 0;
    double variance = 0;
};

template <class Values>
Moments moments_of(const Values& values) {
    Moments m;
    for (const double v : values) m.mean += v / double(values.size());
    for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / double(values.size());
    return m;
}

// Electrons of `mean` expected ones for all 65536 possible shot noise bits, without read noise:
// the distribution itself, not a sample.
std::vector<float> all_outcomes(float mean, float full_well = 1e9f) {
    constexpr std::size_t count = 65536;
    const std::vector<float> photo(count, mean);
    const std::vector<float> one(count, 1.0f);
    const std::vector<float> none(count, 0.0f);
    std::vector<std::uint32_t> bits(count);
    for (std::uint32_t n = 0; n < count; ++n) bits[n] = n;
    std::vector<float> electrons(count);
    collect({photo, one, none, none, bits, 0}, {true, full_well, 0}, electrons);
    return electrons;
}

SensorScene plain_sensor() {
    SensorScene scene;
    scene.rows = 400;
    scene.columns = 500;
    scene.dsnu_e = 0;
    scene.prnu = 0;
    scene.read_noise_e = 0;
    scene.dark_current_e_per_s = 0;
    return scene;
}

// Counts of a row of equally lit pixels, read out in `format`.
std::vector<std::uint16_t> counts_of(const Sensor& sensor, float photo_e, hal::PixelFormat format,
                                     std::size_t pixels) {
    const std::vector<float> photo(pixels, photo_e);
    const std::vector<float> one(pixels, 1.0f);
    const std::vector<float> none(pixels, 0.0f);
    std::vector<std::uint32_t> bits(4 * pixels);
    sensor.draw_noise(7, 0, 0, pixels, bits.data());
    bits.resize(pixels);
    std::vector<float> electrons(pixels);
    sensor.collect({photo, one, none, none, bits, 0}, electrons);
    std::vector<std::uint16_t> counts(pixels);
    digitise(std::span<const float>(electrons), sensor.readout(format), std::span(counts));
    return counts;
}

}  // namespace

TEST_CASE("shot noise from 16 electrons on has exactly the Poisson's mean and variance") {
    for (const float mean : {16.0f, 20.0f, 100.0f, 3000.0f, 9999.0f}) {
        CAPTURE(mean);
        const auto outcomes = all_outcomes(mean);
        const Moments m = moments_of(outcomes);
        // float arithmetic: 2^-24 of the value per operation.
        CHECK(m.mean == doctest::Approx(mean).epsilon(1e-6));
        CHECK(m.variance == doctest::Approx(mean).epsilon(1e-4));
        double third = 0;
        for (const double e : outcomes) third += std::pow(e - m.mean, 3) / 65536;
        // The Poisson's third central moment is its mean. The table's tails end at 4 sigma, so z^2
        // spreads by 1.960 and not 2: z^3 terms give 6 * mean / 6 * (1.960 / 2) plus terms of
        // order 1.
        CHECK(third == doctest::Approx(mean).epsilon(0.06));
        for (const float e : outcomes) CHECK_UNARY(e > 0);
    }
}

TEST_CASE("below 16 electrons the distribution is the Poisson distribution") {
    for (const float mean : {0.01f, 0.5f, 3.0f, 15.5f}) {
        CAPTURE(mean);
        const auto outcomes = all_outcomes(mean);
        double probability = std::exp(-double(mean));
        for (int k = 0; k < 40; ++k) {
            CAPTURE(k);
            int hits = 0;
            for (const float e : outcomes) hits += e == float(k) ? 1 : 0;
            // 16-bit uniform numbers: each edge of an interval is off by half a step at most.
            CHECK(std::abs(hits - 65536 * probability) <= 1.01);
            probability *= double(mean) / (k + 1);
        }
    }
}

TEST_CASE("electrons are clipped at the full well, before read noise") {
    for (const float e : all_outcomes(20000.0f, 10000.0f)) CHECK_UNARY(e == 10000.0f);
    const auto edge = all_outcomes(10000.0f, 10000.0f);
    const Moments m = moments_of(edge);
    // Half a normal of sigma 100: mean 10000 - 100 / sqrt(2 pi), within the table's steps.
    CHECK(m.mean == doctest::Approx(10000 - 100 / std::sqrt(2 * 3.14159265)).epsilon(1e-4));
}

TEST_CASE("photon transfer: variance over mean is the gain, its offset the read noise") {
    SensorScene scene = plain_sensor();
    scene.read_noise_e = 30;
    scene.gain_e_per_dn8 = 16;
    scene.black_level_dn8 = 10;
    const Sensor sensor(scene, 3);
    constexpr std::size_t pixels = 40000;
    for (const float e : {0.0f, 400.0f, 1500.0f, 3000.0f}) {
        CAPTURE(e);
        const auto counts = counts_of(sensor, e, hal::PixelFormat::mono12, pixels);
        const Moments m = moments_of(counts);
        // At 12 bits 1 e/DN and a black level of 160 DN. [EMVA 2021, eq. 15]:
        // var = K^2 read^2 + 1/12 + K (mean - black), K = 1 DN/e.
        const double variance = 900 + 1.0 / 12 + e;
        CHECK(std::abs(m.mean - 160 - e) < 4 * std::sqrt(variance / pixels));
        CHECK(std::abs(m.variance / variance - 1) < 4 * std::sqrt(2.0 / pixels));
    }
}

TEST_CASE("formats share electrons: 10 and 12 bits are finer by 4 and 16") {
    SensorScene scene = plain_sensor();
    scene.shot_noise = false;
    scene.gain_e_per_dn8 = 40;
    scene.black_level_dn8 = 4;
    const Sensor sensor(scene, 3);
    // 2005 e: 50.125 + 4; 200.5 + 16 (rounded up); 802 + 64.
    CHECK(counts_of(sensor, 2005, hal::PixelFormat::mono8, 1)[0] == 54);
    CHECK(counts_of(sensor, 2005, hal::PixelFormat::mono10, 1)[0] == 217);
    CHECK(counts_of(sensor, 2005, hal::PixelFormat::mono12, 1)[0] == 866);
    // Saturation of the converter: full well 10000 e is 254, 1016, 4064; more gain clips.
    CHECK(counts_of(sensor, 9e4f, hal::PixelFormat::mono8, 1)[0] == 254);
    scene.gain_e_per_dn8 = 30;
    const Sensor clipping(scene, 3);
    CHECK(counts_of(clipping, 9e4f, hal::PixelFormat::mono8, 1)[0] == 255);
    CHECK(counts_of(clipping, 9e4f, hal::PixelFormat::mono10, 1)[0] == 1023);
    CHECK(counts_of(clipping, 9e4f, hal::PixelFormat::mono12, 1)[0] == 4095);
    scene.black_level_dn8 = 0;
    CHECK(counts_of(Sensor(scene, 3), 0, hal::PixelFormat::mono12, 1)[0] == 0);
}

TEST_CASE("response, offset and dark maps have the spread the scene asks for") {
    SensorScene scene = plain_sensor();
    scene.prnu = 0.02;
    scene.dsnu_e = 3;
    scene.dark_current_e_per_s = 8;
    scene.temperature_c = 25;
    const PixelMaps maps = Sensor(scene, 3).maps({0, 0, 400, 500});
    const double n = 200000;
    const Moments response = moments_of(maps.response);
    const Moments offset = moments_of(maps.offset_e);
    // Standard errors sigma / sqrt(n) and variance * sqrt(2 / n); 4 of each.
    CHECK(std::abs(response.mean - 1) < 4 * 0.02 / std::sqrt(n));
    CHECK(std::abs(response.variance / 4e-4 - 1) < 4 * std::sqrt(2 / n));
    CHECK(std::abs(offset.mean) < 4 * 3 / std::sqrt(n));
    CHECK(std::abs(offset.variance / 9 - 1) < 4 * std::sqrt(2 / n));
    double both = 0;
    for (std::size_t k = 0; k < maps.response.size(); ++k) {
        both += (maps.response[k] - 1) / 0.02 * maps.offset_e[k] / 3 / n;
    }
    CHECK(std::abs(both) < 4 / std::sqrt(n));
    for (const float d : maps.dark_e_per_us) CHECK_UNARY(d == 8e-6f);
}

TEST_CASE("dark current doubles with every dark_doubling_k") {
    SensorScene scene = plain_sensor();
    scene.dark_current_e_per_s = 8;
    scene.dark_doubling_k = 7;
    const auto dark_at = [&](double celsius) {
        scene.temperature_c = celsius;
        return Sensor(scene, 3).maps({0, 0, 1, 1}).dark_e_per_us[0];
    };
    CHECK(dark_at(25) == doctest::Approx(8e-6).epsilon(1e-6));
    CHECK(dark_at(32) == doctest::Approx(16e-6).epsilon(1e-6));
    CHECK(dark_at(11) == doctest::Approx(2e-6).epsilon(1e-6));
    CHECK(dark_at(35) == doctest::Approx(8e-6 * std::pow(2, 10.0 / 7)).epsilon(1e-6));
}

TEST_CASE("hot pixels are as many as asked, as hot as asked, and warm up with the rest") {
    SensorScene scene = plain_sensor();
    scene.hot_pixel_fraction = 0.01;
    scene.hot_pixel_e_per_s = 5000;
    scene.dark_current_e_per_s = 5;
    scene.temperature_c = 32;
    scene.dark_doubling_k = 7;
    const PixelMaps maps = Sensor(scene, 3).maps({0, 0, 400, 500});
    int hot = 0;
    for (const float d : maps.dark_e_per_us) {
        if (d > 1e-3f) {
            ++hot;
            CHECK(d == doctest::Approx(2 * 5005e-6).epsilon(1e-6));
        } else {
            CHECK_UNARY(std::abs(d - 10e-6f) < 1e-9f);
        }
    }
    CHECK(std::abs(hot - 2000) < 4 * std::sqrt(2000 * 0.99));
}

TEST_CASE("maps and noise belong to the sensor's pixel, not to the region's") {
    SensorScene scene = plain_sensor();
    scene.prnu = 0.02;
    scene.dsnu_e = 3;
    scene.hot_pixel_fraction = 0.1;
    const Sensor sensor(scene, 9);
    const PixelMaps all = sensor.maps({0, 0, 40, 50});
    const PixelMaps some = sensor.maps({11, 23, 7, 5});
    for (int r = 0; r < 7; ++r) {
        for (int c = 0; c < 5; ++c) {
            CHECK(some.response[r * 5 + c] == all.response[(r + 11) * 50 + c + 23]);
            CHECK(some.offset_e[r * 5 + c] == all.offset_e[(r + 11) * 50 + c + 23]);
            CHECK(some.dark_e_per_us[r * 5 + c] == all.dark_e_per_us[(r + 11) * 50 + c + 23]);
        }
    }
    std::vector<std::uint32_t> wide(4 * 50);
    std::vector<std::uint32_t> narrow(4 * 5);
    sensor.draw_noise(1ull << 33, 3, 0, 50, wide.data());
    sensor.draw_noise(1ull << 33, 3, 23, 5, narrow.data());
    for (int w = 0; w < 4; ++w) {
        for (int c = 0; c < 5; ++c) CHECK(narrow[w * 5 + c] == wide[w * 50 + c + 23]);
    }
    // The high bits of the frame number count.
    sensor.draw_noise(0, 3, 23, 5, narrow.data());
    CHECK(narrow[0] != wide[23]);
}

TEST_CASE("noise and electrons are the same on every instruction set") {
    constexpr std::size_t count = 1003;
    std::vector<std::uint32_t> expected_bits(4 * count);
    draw_words_plain({5, 6, 7, 8}, {9, 10}, count, expected_bits.data());
    std::vector<float> photo(count);
    std::vector<float> response(count);
    std::vector<float> dark(count);
    std::vector<float> offset(count);
    for (std::size_t x = 0; x < count; ++x) {
        const double z = unit_normal(expected_bits[x + count]);
        photo[x] = float(x % 3 == 0 ? 0.01 * double(x) : 11.7 * double(x));
        response[x] = float(1 + 0.1 * z);
        dark[x] = float(1e-5 * double(x % 100));
        offset[x] = float(3 * z);
    }
    const std::span<const std::uint32_t> noise(expected_bits.data(), count);
    const PixelStrip row = {photo, response, dark, offset, noise, 1234.5f};
    for (const bool shot : {true, false}) {
        const Collection how = {shot, 9000, 2.5f};
        std::vector<float> expected(count);
        collect_plain(row, how, expected);
        opal::test::for_each_vector_target([&] {
            std::vector<std::uint32_t> bits(4 * count);
            draw_words({5, 6, 7, 8}, {9, 10}, count, bits.data());
            CHECK(bits == expected_bits);
            std::vector<float> electrons(count);
            collect(row, how, electrons);
            CHECK(electrons == expected);
        });
    }
}

TEST_CASE("counts are the same on every instruction set") {
    std::vector<float> electrons;
    for (int n = -300; n < 12000; n += 7) electrons.push_back(static_cast<float>(n) * 0.91f);
    electrons.push_back(1e9f);
    const Readout readout = {0.025f, 4.5f, 255};
    CHECK(electrons.size() % 16 != 0);
    const auto check = [&](auto count) {
        using Count = decltype(count);
        std::vector<Count> expected(electrons.size());
        digitise_plain(std::span<const float>(electrons), readout, std::span(expected));
        CHECK(expected.front() == 0);  // 4.5 - 6.8
        CHECK(expected[43] == 5);      // 0.91 e: 4.52 + 1/2
        CHECK(expected.back() == 255);
        opal::test::for_each_vector_target([&] {
            std::vector<Count> got(electrons.size());
            digitise(std::span<const float>(electrons), readout, std::span(got));
            CHECK(got == expected);
        });
    };
    check(std::uint8_t{});
    check(std::uint16_t{});
}
