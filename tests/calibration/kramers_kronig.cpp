// Kramers-Kronig demodulation: against a plane wave whose answer is known, against its plain twin,
// and against the true field of the simulated lab at two by two pixels per mode, where |S|^2 lies
// in the side band.
#include "calibration/kramers_kronig.h"

#include "calibration/acquisition.h"
#include "calibration/interferogram.h"
#include "calibration/session.h"
#include "sim/scene_file.h"
#include "sim/simulated_bench.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

using namespace opal;
using namespace opal::calibration;

namespace {

Holography dense_holography(int rows, int columns, double carrier_cpp) {
    Holography h;
    h.region = {0, 0, rows, columns};
    h.format = hal::PixelFormat::mono12;
    h.black_level_dn = 64;
    h.carrier_rows_cpp = h.carrier_columns_cpp = carrier_cpp;
    h.pitch_rows_px = h.pitch_columns_px = 2;
    h.mode_rows = rows / 2;
    h.mode_columns = columns / 2;
    h.reference_dn.assign(h.region.pixels(), 1000.0F);
    return h;
}

double correlation(const std::vector<std::complex<float>>& a,
                   const std::vector<std::complex<double>>& b) {
    std::complex<double> cross = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const std::complex<double> x(a[i]);
        cross += std::conj(x) * b[i];
        aa += std::norm(x);
        bb += std::norm(b[i]);
    }
    return std::abs(cross) / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("a plane wave of known amplitude comes back, however strong, as long as |S| < |R|") {
    const Holography h = dense_holography(128, 128, 0.25);
    const KramersKronig kk(h, 0);
    for (const double amplitude : {0.1, 0.5, 0.8}) {
        std::vector<float> counts;
        const auto s = [&](int row, int column) {
            // At k / 2 from the line k.f = 0, on the side where S / R lies.
            return std::polar(amplitude, -2 * std::numbers::pi * (0.1875 * row + 0.125 * column));
        };
        for (int row = 0; row < 128; ++row)
            for (int column = 0; column < 128; ++column)
                counts.push_back(static_cast<float>(64 + 1000 * std::norm(1.0 + s(row, column))));
        const auto found = kk.ratio(counts);
        double worst = 0;
        for (int row = 48; row < 80; ++row)
            for (int column = 48; column < 80; ++column)
                worst = std::max(
                    worst,
                    std::abs(found[static_cast<std::size_t>(row * 128 + column)] - s(row, column)));
        // A power s^n of the series that the grid of half pixels cannot hold (n > 5 here) folds
        // back: amplitude^6 / 6 at worst. The wave ends at the region's edges, 48 px away: of a
        // frequency 0.22 cycles/px from the line a one-sided filter leaves 1 / (2 pi 48 2 pi 0.22)
        // = 0.0024 at each of four edges, of its twin as much, and of the higher powers too.
        const double powers = amplitude / (1 - amplitude);
        const double allowed = std::pow(amplitude, 6) / 6 / (1 - amplitude) + 0.0192 * powers;
        CAPTURE(amplitude);
        CHECK(worst < allowed);
    }
}

TEST_CASE("transforms and direct sums agree") {
    Holography h = dense_holography(20, 28, 0.22);
    h.carrier_columns_cpp = 0.13;
    std::mt19937 bits(5);
    std::vector<float> counts;
    for (std::size_t r = 0; r < h.region.pixels(); ++r) {
        h.reference_dn[r] = 800.0F + static_cast<float>(bits() % 400);
        counts.push_back(64 + h.reference_dn[r] * (0.2F + static_cast<float>(bits() % 1000) / 500));
    }
    h.reference_dn[37] = 0;  // a pixel without reference says nothing
    const auto fast = KramersKronig(h, 0).ratio(counts);
    const auto plain = kramers_kronig_plain(h, counts);
    REQUIRE(fast.size() == plain.size());
    double worst = 0;
    double largest = 0;
    for (std::size_t r = 0; r < fast.size(); ++r) {
        worst = std::max(worst, std::abs(fast[r] - plain[r]));
        largest = std::max(largest, std::abs(plain[r]));
    }
    // 128 x 128 numbers of order one through four transforms: rounding of 1e-16 grows with the root
    // of the number of additions, 1e-13.
    CHECK(worst < 1e-11);
    CHECK(largest > 0.5);
}

TEST_CASE("the lab at 2 x 2 pixels per mode: 0.99 where plain filtering cannot") {
    const std::vector<std::string> dense{"speckle.pixels_per_mode_rows=2",
                                         "speckle.pixels_per_mode_columns=2",
                                         "reference.carrier_rows_cpp=0.22",
                                         "reference.carrier_columns_cpp=0.22",
                                         "sensor.rows=128",
                                         "sensor.columns=128",
                                         "laser.warm_up_s=0.1"};
    const sim::Scene scene = sim::load_scene("lab", dense);
    const auto bench = sim::make_simulated_bench(scene, {2, nullptr});
    Holography h = dense_holography(128, 128, 0.22);
    h.curvature_rad_per_px2 = scene.reference.curvature_rad_per_px2;
    h.black_level_dn = 16 * scene.sensor.black_level_dn8;
    const hal::EmissionGuard light(bench->laser(), bench->clock(), bench->laser_limit_mw(),
                                   bench->laser_limit_mw(),
                                   hal::Deadline::after(bench->clock(), std::chrono::seconds(2)));
    Acquisition acquisition(*bench, h.region, h.format,
                            plan_timing(*bench, h.region, h.format, std::chrono::microseconds(80),
                                        std::chrono::microseconds(30)));
    const auto mean_of = [&](const hal::BitPattern& pattern, std::size_t frames) {
        std::vector<float> mean(h.region.pixels());
        acquisition.acquire_still(pattern, frames, [&](std::size_t, const hal::Frame& frame) {
            const auto counts = frame.as_u16();
            for (std::size_t r = 0; r < mean.size(); ++r)
                mean[r] += static_cast<float>(counts[r]) / static_cast<float>(frames);
        });
        return mean;
    };
    const hal::BitPattern black(scene.dmd.rows, scene.dmd.columns);
    h.reference_dn = mean_of(black, 64);
    for (float& r : h.reference_dn) r -= static_cast<float>(h.black_level_dn);

    hal::BitPattern half = black;
    std::mt19937 bits(9);
    for (int row = 0; row < half.rows(); row += 40)
        for (int column = 0; column < half.columns(); column += 40)
            if (bits() % 2 == 0) half.fill(row, column, 40, 40, true);
    const std::vector<float> counts = mean_of(half, 1);
    const auto truth = bench->true_field(half, h.region);
    REQUIRE(truth.size() == h.modes());

    std::vector<std::complex<float>> field(h.modes());
    Demodulator::Workspace workspace;
    Demodulator(h).demodulate(counts, field, workspace);
    const double plain = correlation(field, truth);
    KramersKronig(h, 0).demodulate(counts, field);
    const double closed_form = correlation(field, truth);
    KramersKronig(h).demodulate(counts, field);
    const double refined = correlation(field, truth);
    MESSAGE("correlation with the true field: plain " << plain << ", Kramers-Kronig " << closed_form
                                                      << ", refined " << refined);
    // Why plain filtering is that bad here: the same light without noise, with and without |S|^2.
    const auto filtered = [&](double carrier_cpp, bool squares) {
        Holography at = h;
        at.carrier_rows_cpp = at.carrier_columns_cpp = carrier_cpp;
        const std::vector<std::complex<float>> modes(truth.begin(), truth.end());
        const auto signal = field_on_pixels(at, modes);
        const auto reference = reference_on_pixels(at);
        std::vector<float> interferogram(signal.size());
        for (std::size_t r = 0; r < interferogram.size(); ++r)
            interferogram[r] = static_cast<float>(at.black_level_dn) + at.reference_dn[r] +
                               2 * (signal[r] * std::conj(reference[r])).real() +
                               (squares ? std::norm(signal[r]) : 0);
        std::vector<std::complex<float>> found(at.modes());
        Demodulator(at).demodulate_linear(interferogram, found, workspace);
        return correlation(found, truth);
    };
    const double twin = filtered(0.22, false);
    const double quarter_twin = filtered(0.25, false);
    MESSAGE("the filter without noise: carrier 0.22, twin alone "
            << twin << ", with |S|^2 " << filtered(0.22, true) << "; carrier 0.25, twin alone "
            << quarter_twin << ", with |S|^2 " << filtered(0.25, true));
    // Band and twin of 0.5 cycles per pixel are 0.5 apart at a carrier of 0.25 and 0.44 at 0.22:
    // the twin, as strong as the band itself, lies in it by 12 % of the width, and by more with
    // the soft edges of both.
    CHECK(quarter_twin > twin + 0.03);
    CHECK(plain < twin);
    CHECK(plain < 0.975);
    CHECK(refined >= 0.99);
    CHECK(refined > plain + 0.015);
}
