// Demodulator against closed forms: interferograms of plane waves whose field at every mode centre
// is known exactly, and the plain double-precision twin.
#include "calibration/demodulator.h"

#include "calibration/low_pass.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <stdexcept>

using namespace opal;
using calibration::Demodulator;
using calibration::Holography;

namespace {

constexpr double pi = std::numbers::pi;

struct Wave {
    double rows_cpp, columns_cpp;
    std::complex<double> amplitude;
};

// S(r) as a sum of plane waves inside the pupil: band-limited by construction, exact anywhere.
std::vector<Wave> random_waves(std::uint32_t seed, double half_band_rows, double half_band_columns,
                               double rms) {
    std::mt19937 bits(seed);
    const auto uniform = [&] { return static_cast<double>(bits()) / 4294967296.0; };
    std::vector<Wave> waves(60);
    for (Wave& w : waves) {
        w.rows_cpp = (2 * uniform() - 1) * half_band_rows;
        w.columns_cpp = (2 * uniform() - 1) * half_band_columns;
        w.amplitude = std::polar(rms / std::sqrt(60.0), 2 * pi * uniform());
    }
    return waves;
}

std::complex<double> field_at(const std::vector<Wave>& waves, double row, double column) {
    std::complex<double> sum = 0;
    for (const Wave& w : waves)
        sum += w.amplitude * std::polar(1.0, 2 * pi * (w.rows_cpp * row + w.columns_cpp * column));
    return sum;
}

Holography holography(int pixels, int pitch_rows, int pitch_columns, double carrier_rows,
                      double carrier_columns, double curvature) {
    Holography h;
    h.region = {64, 128, pixels, pixels};
    h.format = hal::PixelFormat::mono12;
    h.black_level_dn = 64;
    h.carrier_rows_cpp = carrier_rows;
    h.carrier_columns_cpp = carrier_columns;
    h.curvature_rad_per_px2 = curvature;
    h.pitch_rows_px = pitch_rows;
    h.pitch_columns_px = pitch_columns;
    h.mode_rows = pixels / pitch_rows;
    h.mode_columns = pixels / pitch_columns;
    const double middle = 0.5 * (pixels - 1);
    for (int row = 0; row < pixels; ++row)
        for (int column = 0; column < pixels; ++column) {
            const double d2 =
                (row - middle) * (row - middle) + (column - middle) * (column - middle);
            h.reference_dn.push_back(
                static_cast<float>(1500 * std::exp(-d2 / (4.0 * pixels * pixels))));
        }
    return h;
}

hal::Frame interferogram(const Holography& h, const std::vector<Wave>& waves) {
    hal::Frame frame;
    frame.reshape(h.region, h.format);
    const double middle_row = 0.5 * (h.region.rows - 1);
    const double middle_column = 0.5 * (h.region.columns - 1);
    const auto counts = frame.as_u16();
    for (int row = 0; row < h.region.rows; ++row)
        for (int column = 0; column < h.region.columns; ++column) {
            const auto at = static_cast<std::size_t>(row * h.region.columns + column);
            const double phase =
                2 * pi * (h.carrier_rows_cpp * row + h.carrier_columns_cpp * column) +
                h.curvature_rad_per_px2 * ((row - middle_row) * (row - middle_row) +
                                           (column - middle_column) * (column - middle_column));
            const std::complex<double> reference =
                std::polar(std::sqrt(static_cast<double>(h.reference_dn[at])), phase);
            const double light = std::norm(reference + field_at(waves, row, column));
            counts[at] = static_cast<std::uint16_t>(std::lround(h.black_level_dn + light));
        }
    return frame;
}

double relative_error(const std::vector<std::complex<double>>& found,
                      const std::vector<std::complex<double>>& expected) {
    double error = 0;
    double power = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        error += std::norm(found[i] - expected[i]);
        power += std::norm(expected[i]);
    }
    return std::sqrt(error / power);
}

std::vector<std::complex<double>> fast(const Holography& h, const hal::Frame& frame) {
    const Demodulator demodulator(h);
    Demodulator::Workspace workspace;
    std::vector<std::complex<float>> field(demodulator.modes());
    demodulator.demodulate(frame, field, workspace);
    return {field.begin(), field.end()};
}

std::vector<std::complex<double>> truth(const Holography& h, const std::vector<Wave>& waves) {
    std::vector<std::complex<double>> field;
    for (int i = 0; i < h.mode_rows; ++i)
        for (int j = 0; j < h.mode_columns; ++j)
            field.push_back(field_at(waves, i * h.pitch_rows_px, j * h.pitch_columns_px));
    return field;
}

// Modes at least four pitches from the rim: the whole filter lies inside the frame.
std::vector<std::complex<double>> interior(const Holography& h,
                                           const std::vector<std::complex<double>>& field) {
    std::vector<std::complex<double>> inner;
    for (int i = 4; i < h.mode_rows - 4; ++i)
        for (int j = 4; j < h.mode_columns - 4; ++j)
            inner.push_back(field[static_cast<std::size_t>(i * h.mode_columns + j)]);
    return inner;
}

}  // namespace

TEST_CASE("the fast path equals the plain twin") {
    for (const auto& h :
         {holography(128, 4, 4, 0.375, 0.375, 0), holography(72, 4, 2, -0.31, 0.25, 3e-5),
          holography(60, 3, 5, 0.3, -0.37, -2e-5)}) {
        const auto waves = random_waves(7, 0.5 / h.pitch_rows_px, 0.5 / h.pitch_columns_px, 9);
        const hal::Frame frame = interferogram(h, waves);
        // Float sums of 25 terms twice: relative error about sqrt(50) 2^-24 = 4e-7 of the largest
        // term, |R|^2's residue; 1e-5 leaves room for its ratio to the field.
        CHECK(relative_error(fast(h, frame), calibration::demodulate_plain(h, frame)) < 1e-5);
    }
}

TEST_CASE("a band-limited field comes back: phase, amplitude, place and sign") {
    // Waves up to 0.8 of the pupil: the filter's ripple is 1 % there. The carrier keeps the twin
    // image's nearest edge 0.2 cycles per pixel from the signal's centre, twice the signal's own.
    // |S|^2 is 17 times weaker than |R|^2. A wrong sign, a shift by a pixel or a lost curvature
    // gives more than 10 %. Modes at the frame's rim see half of the filter; they may be 10 % off.
    const auto straight = holography(128, 4, 4, 0.30, 0.33, 0);
    const auto waves = random_waves(3, 0.8 * 0.125, 0.8 * 0.125, 9);
    const auto found = fast(straight, interferogram(straight, waves));
    CHECK(relative_error(interior(straight, found), interior(straight, truth(straight, waves))) <
          0.02);
    CHECK(relative_error(found, truth(straight, waves)) < 0.10);
    const auto curved = holography(128, 4, 4, -0.30, 0.33, 1e-4);
    const auto expected = interior(curved, truth(curved, waves));
    const hal::Frame frame = interferogram(curved, waves);
    CHECK(relative_error(interior(curved, fast(curved, frame)), expected) < 0.02);
    auto wrong = curved;
    wrong.curvature_rad_per_px2 = 0;
    CHECK(relative_error(interior(curved, fast(wrong, frame)), expected) > 0.1);
    wrong = curved;
    wrong.carrier_rows_cpp = 0.30;
    CHECK(relative_error(interior(curved, fast(wrong, frame)), expected) > 0.1);
}

TEST_CASE("light that does not interfere is suppressed, laser noise included") {
    const auto h = holography(128, 4, 4, 0.375, 0.375, 0);
    hal::Frame frame;
    frame.reshape(h.region, h.format);
    const auto counts = frame.as_u16();
    // The reference alone, 2 % brighter than calibrated: an offset of 30 DN of 1500, 0.77 in units
    // of |R|. It may leave no more than a thousandth of that.
    for (std::size_t r = 0; r < counts.size(); ++r)
        counts[r] = static_cast<std::uint16_t>(
            std::lround(64 + 1.02 * static_cast<double>(h.reference_dn[r])));
    double worst = 0;
    const auto field = fast(h, frame);
    for (int i = 3; i < 29; ++i)
        for (int j = 3; j < 29; ++j)
            worst = std::max(worst, std::abs(field[static_cast<std::size_t>(i * 32 + j)]));
    // Rounding to whole counts adds noise of 0.29 DN per pixel; through a filter that keeps 1/14 of
    // the band: 0.29 / sqrt(1500) / sqrt(14) * 4 sigma = 0.008.
    CHECK(worst < 0.012);
}

TEST_CASE("noise power: white noise in, the predicted variance out") {
    const auto h = holography(64, 4, 4, 0.375, 0.375, 0);
    const Demodulator demodulator(h);
    Demodulator::Workspace workspace;
    std::vector<std::complex<float>> field(demodulator.modes());
    const std::vector<float> variance(h.region.pixels(), 9.0F);
    const auto predicted = demodulator.noise_power(variance);
    std::mt19937 bits(11);
    std::vector<double> measured(demodulator.modes(), 0);
    const int runs = 400;
    std::vector<float> counts(h.region.pixels());
    for (int run = 0; run < runs; ++run) {
        for (std::size_t r = 0; r < counts.size(); ++r)  // +-3 with equal chance: variance 9
            counts[r] = static_cast<float>(h.black_level_dn) + h.reference_dn[r] +
                        (bits() >> 31 ? 3.0F : -3.0F);
        demodulator.demodulate(counts, field, workspace);
        for (std::size_t m = 0; m < field.size(); ++m)
            measured[m] += std::norm(std::complex<double>(field[m])) / runs;
    }
    double sum_measured = 0;
    double sum_predicted = 0;
    for (std::size_t m = 0; m < field.size(); ++m) {
        sum_measured += measured[m];
        sum_predicted += static_cast<double>(predicted[m]);
    }
    // 400 frames of about 256 independent modes: relative error 1 / sqrt(1e5) = 0.3 %.
    CHECK(sum_measured / sum_predicted == doctest::Approx(1).epsilon(0.015));
}

TEST_CASE("frames that do not fit are refused") {
    const auto h = holography(64, 4, 4, 0.375, 0.375, 0);
    const Demodulator demodulator(h);
    Demodulator::Workspace workspace;
    std::vector<std::complex<float>> field(demodulator.modes());
    hal::Frame frame;
    frame.reshape({0, 0, 64, 60}, h.format);
    CHECK_THROWS_AS(demodulator.demodulate(frame, field, workspace), std::invalid_argument);
    frame.reshape(h.region, hal::PixelFormat::mono8);
    CHECK_THROWS_AS(demodulator.demodulate(frame, field, workspace), std::invalid_argument);
    auto broken = h;
    broken.reference_dn.pop_back();
    CHECK_THROWS_AS(Demodulator{broken}, std::invalid_argument);
    broken = h;
    broken.mode_rows = 17;
    CHECK_THROWS_AS(Demodulator{broken}, std::invalid_argument);
}
