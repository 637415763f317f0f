// Spectra and the side band on synthetic interferograms: white noise, a lone wave, and speckle
// whose carrier is known.
#include "calibration/spectrum.h"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <stdexcept>

using namespace opal;

namespace {

constexpr double pi = std::numbers::pi;

class Uniform {
public:
    explicit Uniform(std::uint32_t seed) : bits_(seed) {}
    double operator()() { return static_cast<double>(bits_()) / 4294967296.0; }

private:
    std::mt19937 bits_;
};

// Interference term of band-limited speckle with a tilted reference, plus white noise. The speckle
// is a sum of plane waves with uniformly spread frequencies inside the pupil: exactly limited, and
// symmetric about the carrier on average.
struct Speckle {
    int size;
    double carrier_rows, carrier_columns;
    double half_band_rows, half_band_columns;
    double noise;

    std::vector<float> draw(Uniform& uniform) const {
        const int waves = 3000;
        const auto n = static_cast<std::size_t>(size);
        // Separable sums would be correlated; 2-D waves on a random lattice by rotation tables.
        std::vector<float> image(n * n, 0.0F);
        std::vector<std::complex<float>> down(n), along(n);
        for (int w = 0; w < waves; ++w) {
            const double fr = carrier_rows + (2 * uniform() - 1) * half_band_rows;
            const double fc = carrier_columns + (2 * uniform() - 1) * half_band_columns;
            const double phase = 2 * pi * uniform();
            for (std::size_t i = 0; i < n; ++i) {
                down[i] = std::complex<float>(
                    std::polar(1.0, 2 * pi * fr * static_cast<double>(i) + phase));
                along[i] =
                    std::complex<float>(std::polar(1.0, 2 * pi * fc * static_cast<double>(i)));
            }
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j)
                    image[i * n + j] +=
                        down[i].real() * along[j].real() - down[i].imag() * along[j].imag();
        }
        const auto scale = static_cast<float>(1 / std::sqrt(0.5 * waves));
        for (float& v : image)
            v = v * scale + static_cast<float>(noise * std::sqrt(12.0) * (uniform() - 0.5));
        return image;
    }
};

}  // namespace

TEST_CASE("white noise of variance 4 has power 4 in every bin") {
    constexpr int size = 64;
    calibration::Spectrum spectrum(size);
    Uniform uniform(1);
    const auto noise = [&] {
        std::vector<float> tile(size * size);
        for (float& v : tile) v = static_cast<float>(2 * std::sqrt(12.0) * (uniform() - 0.5) + 100);
        return tile;
    };
    for (int i = 0; i < 30; ++i) {
        const auto a = noise();
        const auto b = noise();
        spectrum.add(a.data(), b.data(), size);
    }
    const auto c = noise();
    spectrum.add(c.data(), nullptr, size);
    CHECK(spectrum.tiles() == 61);
    const auto power = spectrum.average();
    double sum = 0;
    for (const double p : power) sum += p;
    // 61 tiles of 4096 bins, half of them independent: 1 / sqrt(1.2e5) = 0.3 %; the mean that was
    // taken out costs one bin of 4096.
    CHECK(sum / (size * size) == doctest::Approx(4).epsilon(0.012));
}

TEST_CASE("a wave of a whole number of periods stands in its bin and in the opposite one") {
    constexpr int size = 64;
    calibration::Spectrum spectrum(size);
    std::vector<float> tile(size * size);
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j)
            tile[static_cast<std::size_t>(i * size + j)] =
                static_cast<float>(3 * std::cos(2 * pi * (10.0 * i - 4.0 * j) / size));
    spectrum.add(tile.data(), nullptr, size);
    const auto power = spectrum.average();
    const auto at = [&](int i, int j) { return power[static_cast<std::size_t>(i * size + j)]; };
    CHECK(at(10, 60) == doctest::Approx(at(54, 4)));
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) CHECK(at(i, j) <= at(10, 60) * (1 + 1e-6));
    // Total power is the mean square, 9 / 2, times the number of bins (Parseval), but for how the
    // taper weighs the wave: within 1 %.
    double sum = 0;
    for (const double p : power) sum += p;
    CHECK(sum / (size * size) == doctest::Approx(4.5).epsilon(0.01));
}

TEST_CASE("the carrier of speckle is found to a small fraction of a bin") {
    // Off the bins on purpose; different pitch along rows and columns; one past Nyquist's edge.
    const Speckle speckle{128, 0.3127, 0.2733, 0.125, 0.0833, 0.05};
    Uniform uniform(7);
    calibration::Spectrum spectrum(speckle.size);
    for (int i = 0; i < 4; ++i) {
        const auto a = speckle.draw(uniform);
        const auto b = speckle.draw(uniform);
        spectrum.add(a.data(), b.data(), static_cast<std::size_t>(speckle.size));
    }
    const auto band = calibration::find_side_band(spectrum.average(), speckle.size);
    // A bin is 0.0078 wide. Eight tiles know an edge to about 1 / sqrt(8 * 0.25 * 128 / 2) = 9 % of
    // a bin, two edges to 6 %: 5e-4. Three sigma.
    CHECK(std::abs(band.carrier_rows_cpp - 0.3127) < 1.5e-3);
    CHECK(std::abs(band.carrier_columns_cpp - 0.2733) < 1.5e-3);
    // Width: the band's own, widened by the taper's leakage of about a bin.
    CHECK(band.width_rows_cpp == doctest::Approx(0.25).epsilon(0.06));
    CHECK(band.width_columns_cpp == doctest::Approx(0.1667).epsilon(0.08));
    CHECK(band.peak_to_floor > 20);
}

TEST_CASE("a carrier with negative columns keeps its sign; rows are positive by convention") {
    const Speckle speckle{128, -0.30, 0.26, 0.125, 0.125, 0.05};
    Uniform uniform(8);
    calibration::Spectrum spectrum(speckle.size);
    const auto a = speckle.draw(uniform);
    const auto b = speckle.draw(uniform);
    spectrum.add(a.data(), b.data(), static_cast<std::size_t>(speckle.size));
    const auto band = calibration::find_side_band(spectrum.average(), speckle.size);
    CHECK(band.carrier_rows_cpp == doctest::Approx(0.30).epsilon(0.02));
    CHECK(band.carrier_columns_cpp == doctest::Approx(-0.26).epsilon(0.02));
}

TEST_CASE("noise alone has no side band") {
    const Speckle nothing{64, 0.3, 0.3, 0.1, 0.1, 1};
    Uniform uniform(9);
    std::vector<double> power(64 * 64);
    for (double& p : power) p = -std::log(uniform() + 1e-12);
    CHECK_THROWS_AS(calibration::find_side_band(power, nothing.size), std::runtime_error);
}
