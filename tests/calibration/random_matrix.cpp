// Least squares from random patterns, on made-up light whose matrix, gains and noise are known.
#include "calibration/random_matrix.h"

#include "calibration/layout.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <random>

using namespace opal::calibration;

namespace {

using Field = std::complex<float>;

struct MadeUp {
    static constexpr std::size_t inputs = 24;
    static constexpr std::size_t modes = 150;  // two tiles and a bit
    static constexpr std::size_t frames = 400;
    RandomPatterns patterns;
    std::vector<Field> strips, matrix, fields;
    std::vector<std::complex<double>> gains;

    explicit MadeUp(double noise) {
        std::mt19937_64 bits(7);
        std::normal_distribution<double> normal(0, std::sqrt(0.5));
        const auto draw = [&] { return std::complex<double>(normal(bits), normal(bits)); };
        std::vector<std::complex<double>> blocks((code_blocks + 1) * modes);
        for (auto& b : blocks) b = draw();
        for (std::uint32_t w = 0; w < code_words; ++w)
            for (std::size_t m = 0; m < modes; ++m) {
                std::complex<double> sum = 0.3 * blocks[code_blocks * modes + m];
                for (int j = 0; j < code_blocks; ++j)
                    if (Layout::code_bit(w, j))
                        sum += blocks[static_cast<std::size_t>(j) * modes + m];
                strips.emplace_back(sum);
            }
        for (std::size_t k = 0; k < inputs * modes; ++k) matrix.emplace_back(2.0 * draw());
        patterns.inputs = inputs;
        for (std::size_t f = 0; f < frames; ++f) {
            patterns.words.push_back(static_cast<std::uint32_t>(f * 7 % code_words));
            for (std::size_t i = 0; i < inputs; ++i)
                patterns.on.push_back(static_cast<std::uint8_t>(bits() >> 63));
            // The arms drift apart, the laser flickers.
            gains.push_back(std::polar(1 + 0.02 * draw().real(), 0.01 * static_cast<double>(f)));
            for (std::size_t m = 0; m < modes; ++m) {
                std::complex<double> light(strips[patterns.words[f] * modes + m]);
                for (std::size_t i = 0; i < inputs; ++i)
                    if (patterns.on[f * inputs + i] != 0)
                        light += std::complex<double>(matrix[i * modes + m]);
                // Modes are not equally noisy.
                const double own = noise * (m % 2 == 0 ? 1 : 2);
                fields.emplace_back(gains[f] * light + own * draw());
            }
        }
    }
    RandomFit fit(std::size_t limit_bytes, bool* on_disk = nullptr) const {
        FieldStore store(
            frames, modes, limit_bytes,
            std::filesystem::temp_directory_path() / fmt::format("opal-fields-{}.h5", ::getpid()));
        for (std::size_t f = 0; f < frames; ++f)
            store.write(f, std::span(fields).subspan(f * modes, modes));
        if (on_disk != nullptr) *on_disk = store.on_disk();
        return fit_random(patterns, strips, store);
    }
};

constexpr std::size_t everything = std::size_t{1} << 30;

}  // namespace

TEST_CASE("without noise the matrix comes back, whatever the gains") {
    const MadeUp light(0);
    const RandomFit fit = light.fit(everything);
    double error = 0;
    double power = 0;
    for (std::size_t k = 0; k < light.matrix.size(); ++k) {
        error += static_cast<double>(std::norm(fit.entries[k] - light.matrix[k]));
        power += static_cast<double>(std::norm(light.matrix[k]));
    }
    // Rounds of the alternation shrink what is left of the gains' error; floats carry 1e-14.
    CHECK(error / power < 1e-4);
}

TEST_CASE("normalised residuals have unit variance, mode by mode") {
    const MadeUp light(0.5);
    const RandomFit fit = light.fit(everything);
    double even = 0;
    double odd = 0;
    for (std::size_t i = 0; i < MadeUp::inputs; ++i)
        for (std::size_t m = 0; m < MadeUp::modes; ++m) {
            const std::size_t k = i * MadeUp::modes + m;
            const double r =
                static_cast<double>(std::abs(fit.entries[k] - light.matrix[k]) / fit.sigma(i, m));
            (m % 2 == 0 ? even : odd) += r * r / (MadeUp::inputs * MadeUp::modes / 2);
        }
    MESSAGE("mean square of normalised residuals: " << even << " and " << odd);
    // 1800 complex numbers each: 1 +- 0.024. The gains' own errors, of 150 noisy modes, add some.
    CHECK(even == doctest::Approx(1).epsilon(0.12));
    CHECK(odd == doctest::Approx(1).epsilon(0.12));
    // What was put in: variances of 0.25 and 1 per frame, and their ratio of the mean to |T|^2.
    double noise[2] = {0, 0};
    for (std::size_t m = 0; m < MadeUp::modes; ++m)
        noise[m % 2] += static_cast<double>(fit.mode_noise[m]) / (MadeUp::modes / 2);
    CHECK(noise[0] == doctest::Approx(0.25).epsilon(0.05));
    CHECK(noise[1] == doctest::Approx(1.0).epsilon(0.05));
    CHECK(fit.ridge == doctest::Approx(0.625 / 4).epsilon(0.1));
}

TEST_CASE("patterns that were not shown are predicted to within the noise of the entries") {
    const MadeUp light(0.5);
    const RandomFit fit = light.fit(everything);
    std::mt19937_64 bits(99);
    double error = 0;
    double expected = 0;
    for (int pattern = 0; pattern < 64; ++pattern) {
        std::vector<bool> on(MadeUp::inputs);
        for (std::size_t i = 0; i < on.size(); ++i) on[i] = bits() >> 63;
        for (std::size_t m = 0; m < MadeUp::modes; ++m) {
            Field difference = 0;
            for (std::size_t i = 0; i < on.size(); ++i) {
                if (!on[i]) continue;
                difference +=
                    fit.entries[i * MadeUp::modes + m] - light.matrix[i * MadeUp::modes + m];
                expected += static_cast<double>(fit.sigma(i, m) * fit.sigma(i, m));
            }
            error += static_cast<double>(std::norm(difference));
        }
    }
    // Errors of entries of one mode are anticorrelated by the patterns' common mean; never more.
    CHECK(error < 1.2 * expected);
    CHECK(error > 0.2 * expected);
}

TEST_CASE("in memory or on disk, the same bytes") {
    const MadeUp light(0.5);
    bool on_disk = true;
    const RandomFit memory = light.fit(everything, &on_disk);
    CHECK_FALSE(on_disk);
    const RandomFit disk = light.fit(4096, &on_disk);
    CHECK(on_disk);
    CHECK(memory.entries == disk.entries);
    CHECK(memory.mode_noise == disk.mode_noise);
    CHECK(memory.gains == disk.gains);
    CHECK_FALSE(std::filesystem::exists(std::filesystem::temp_directory_path() /
                                        fmt::format("opal-fields-{}.h5", ::getpid())));
}
