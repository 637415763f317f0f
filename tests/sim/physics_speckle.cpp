// Speckle: the interpolation against its formula in double precision, and its spectrum.
#include "sim/physics/portable_math.h"
#include "sim/physics/speckle.h"
#include "tests/sim/vector_targets.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>

using namespace opal;
using namespace opal::sim;

namespace {

std::int16_t mode_value(int i, int j) {
    const unsigned n = static_cast<unsigned>(i * 1000 + j) * 2654435761u;
    return static_cast<std::int16_t>(static_cast<int>(n >> 16) % 8001 - 4000);
}

// Real and imaginary parts are told apart: the imaginary ones are those of the next mode row.
std::vector<std::int16_t> modes_of(const ModeWindow& w) {
    std::vector<std::int16_t> modes;
    for (int i = 0; i < w.rows; ++i) {
        for (int j = 0; j < w.columns; ++j) {
            modes.push_back(mode_value(w.row + i, w.column + j));
            modes.push_back(mode_value(w.row + i + 1, w.column + j));
        }
    }
    return modes;
}

// part 0: real, 1: imaginary. In strips of five rows, which no pitch divides.
std::vector<std::int16_t> rendered(const Speckle& speckle, hal::Region region,
                                   std::size_t part = 0) {
    const ModeWindow w = speckle.window(region);
    std::vector<std::int16_t> columns(2 * static_cast<std::size_t>(w.rows * region.columns));
    std::vector<std::int16_t> phases;
    speckle.expand_columns(modes_of(w), w, region, columns, phases);
    std::vector<std::int16_t> both(2 * region.pixels());
    const auto values = 2 * static_cast<std::size_t>(region.columns);
    for (int r = 0; r < region.rows; r += 5) {
        const int rows = std::min(5, region.rows - r);
        speckle.expand_rows(columns, w, region, r, rows,
                            std::span(both).subspan(std::size_t(r) * values, rows * values));
    }
    std::vector<std::int16_t> pixels(region.pixels());
    for (std::size_t x = 0; x < pixels.size(); ++x) pixels[x] = both[2 * x + part];
    return pixels;
}

}  // namespace

TEST_CASE("pixels agree with the interpolation formula in double precision") {
    for (const auto& pitch : {std::pair{4, 4}, {1, 3}, {2, 5}, {16, 7}, {4, 1}, {3, 2}}) {
        const int rows = pitch.first;  // clang 14 cannot capture a structured binding
        const int columns = pitch.second;
        CAPTURE(rows);
        CAPTURE(columns);
        const Speckle speckle({rows, columns}, 60, 90);
        const hal::Region region{7, 3, 25, 41};
        const auto got = rendered(speckle, region);
        const auto imaginary = rendered(speckle, region, 1);
        double worst = 0;
        for (int r = 0; r < region.rows; ++r) {
            for (int c = 0; c < region.columns; ++c) {
                double expected = 0;
                double expected_imaginary = 0;
                for (int i = 0; i < speckle.grid_rows(); ++i) {
                    const double y = double(region.row + r) / rows - (i - Speckle::margin);
                    if (std::abs(y) >= 6) continue;
                    for (int j = 0; j < speckle.grid_columns(); ++j) {
                        const double x =
                            double(region.column + c) / columns - (j - Speckle::margin);
                        const double h = Speckle::kernel(y) * Speckle::kernel(x);
                        expected += mode_value(i, j) * h;
                        expected_imaginary += mode_value(i + 1, j) * h;
                    }
                }
                const std::size_t x = std::size_t(r) * region.columns + c;
                worst = std::max(worst, std::abs(expected - got[x]));
                worst = std::max(worst, std::abs(expected_imaginary - imaginary[x]));
            }
        }
        // Two roundings of 1/2, the first weighed by sum|h| < 2; coefficients off by 2^-15 on 12
        // modes of at most 4000 * 2 in each pass: 0.5 + 1 + 2 * 12 * 8000 / 32768 = 7.4 at most.
        CHECK(worst < 7.4);
        CHECK(worst > 0);
    }
}

TEST_CASE("the field at a mode's centre pixel is the mode") {
    const Speckle speckle({4, 3}, 60, 90);
    const hal::Region region{0, 0, 60, 90};
    const auto got = rendered(speckle, region);
    for (int i = 0; i < 15; ++i) {
        for (int j = 0; j < 30; ++j) {
            CHECK(got[i * 4 * 90 + j * 3] == mode_value(i + Speckle::margin, j + Speckle::margin));
        }
    }
}

TEST_CASE("a region is a cut-out of the sensor") {
    const Speckle speckle({4, 4}, 60, 90);
    const auto whole = rendered(speckle, {0, 0, 60, 90});
    for (const hal::Region region : {hal::Region{0, 0, 1, 1}, hal::Region{59, 89, 1, 1},
                                     hal::Region{13, 22, 17, 31}, hal::Region{30, 5, 30, 85}}) {
        const auto some = rendered(speckle, region);
        for (int r = 0; r < region.rows; ++r) {
            for (int c = 0; c < region.columns; ++c) {
                CHECK(some[r * region.columns + c] ==
                      whole[(region.row + r) * 90 + region.column + c]);
            }
        }
    }
}

TEST_CASE("centres counts exactly the mode centres inside a region") {
    const Speckle speckle({4, 3}, 60, 90);
    const ModeWindow w = speckle.centres({5, 6, 8, 10});
    // Rows 8 and 12 of 5..12; columns 6, 9, 12, 15 of 6..15.
    CHECK(w.row - Speckle::margin == 2);
    CHECK(w.rows == 2);
    CHECK(w.column - Speckle::margin == 2);
    CHECK(w.columns == 4);
    CHECK(speckle.centres({5, 7, 3, 2}).modes() == 0);
}

TEST_CASE("the kernel is Nyquist and its stop band starts at 0.65 cycles per mode") {
    CHECK(Speckle::kernel(0) == 1);
    for (int j = 1; j < 7; ++j) CHECK(std::abs(Speckle::kernel(j)) < 1e-15);
    const auto spectrum = [](double f) {
        double sum = 0;
        for (int n = -6 * 64; n <= 6 * 64; ++n) {
            sum += Speckle::kernel(n / 64.0) * std::cos(2 * pi * f * n / 64.0) / 64;
        }
        return sum;
    };
    CHECK(spectrum(0) == doctest::Approx(1).epsilon(0.005));
    CHECK(spectrum(0.35) == doctest::Approx(1).epsilon(0.005));
    CHECK(spectrum(0.5) == doctest::Approx(0.5).epsilon(0.01));  // any Nyquist filter
    for (double f = 0.65; f < 4; f += 0.01) CHECK(std::abs(spectrum(f)) < 0.00224);  // -53 dB
}

TEST_CASE("the mean power is that of independent unit modes") {
    // At pixel (r, c) independent unit modes give sum h^2(row) * sum h^2(column).
    const Speckle speckle({4, 2}, 64, 64);
    const auto power = [](int pitch) {
        double sum = 0;
        for (int n = -6 * pitch; n <= 6 * pitch; ++n) {
            sum += std::pow(Speckle::kernel(double(n) / pitch), 2) / pitch;
        }
        return sum;
    };
    // Coefficients rounded to 2^-14.
    CHECK(speckle.mean_power() == doctest::Approx(power(4) * power(2)).epsilon(1e-4));
}

TEST_CASE("rows are weighed alike on every instruction set, saturating") {
    std::vector<std::int16_t> data;
    for (int n = 0; n < 12 * 101; ++n) data.push_back(static_cast<std::int16_t>(n * 40503));
    TapRows rows{};
    for (std::size_t t = 0; t < 12; ++t) {
        rows[t] = data.data() + 101 * t;
        data[101 * t + 5] = -32768;
        data[101 * t + 6] = 32767;
    }
    const std::int16_t h[12] = {-100,  300,   -700, 1500, -3000, 9000,
                                14000, -2000, 900,  -400, 200,   -50};
    constexpr std::size_t outputs = 6;
    std::vector<std::int16_t> all_h;
    for (std::size_t n = 0; n < outputs; ++n) {
        for (std::size_t t = 0; t < 12; ++t) all_h.push_back(h[(t + n) % 12]);
    }
    const Weighting how = {all_h.data(), outputs, 101, 110};
    std::vector<std::int16_t> expected(outputs * how.stride);
    weigh_rows_plain(rows, how, expected.data());
    CHECK(expected[5] == -32768);  // -32768 * 19350 / 2^14 = -38700
    CHECK(expected[6] == 32767);
    std::int64_t sum = 0;
    for (std::size_t t = 0; t < 12; ++t) sum += std::int64_t{h[(t + 5) % 12]} * rows[t][50];
    CHECK(expected[5 * how.stride + 50] ==
          std::clamp<std::int64_t>((sum + 8192) >> 14, -32768, 32767));
    opal::test::for_each_vector_target([&] {
        std::vector<std::int16_t> got(expected.size());
        weigh_rows(rows, how, got.data());
        CHECK(got == expected);
    });
}

TEST_CASE("phases are put side by side alike on every instruction set") {
    for (const std::size_t pitch : {1u, 2u, 3u, 4u, 7u}) {
        for (const std::size_t count : {1u, 16u, 33u}) {
            std::vector<std::int16_t> phases(2 * pitch * count);
            for (std::size_t n = 0; n < phases.size(); ++n)
                phases[n] = static_cast<std::int16_t>(n);
            std::vector<std::int16_t> expected(phases.size());
            for (std::size_t x = 0; x < pitch * count; ++x) {
                const std::size_t from = x % pitch * count + x / pitch;
                expected[2 * x] = static_cast<std::int16_t>(2 * from);
                expected[2 * x + 1] = static_cast<std::int16_t>(2 * from + 1);
            }
            opal::test::for_each_vector_target([&] {
                std::vector<std::int16_t> got(phases.size());
                interleave(phases.data(), pitch, count, got.data());
                CHECK(got == expected);
            });
        }
    }
}
