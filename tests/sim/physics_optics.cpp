// Optics end to end: frames against |S + R|^2 in double precision, and against closed forms.
#include "sim/physics/optics.h"
#include "sim/physics/speckle.h"
#include "tests/sim/physics_shots.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace opal;
using namespace opal::test;

namespace {

// Off-axis demodulation as in calibration/demodulator.h, with a Gaussian window in place of
// a matched one: it weakens the band's edges, but tells a field from its conjugate.
std::vector<std::complex<double>> demodulated(const hal::Frame& frame, const Scene& scene,
                                              double sign) {
    std::vector<std::complex<double>> field;
    const hal::Region at = frame.region;
    for (int i = 0; i < at.rows; i += scene.speckle.pixels_per_mode_rows) {
        for (int j = 0; j < at.columns; j += scene.speckle.pixels_per_mode_columns) {
            std::complex<double> sum = 0;
            for (int r = std::max(0, i - 12); r < std::min(at.rows, i + 13); ++r) {
                for (int c = std::max(0, j - 12); c < std::min(at.columns, j + 13); ++c) {
                    const double d2 = (r - i) * (r - i) + (c - j) * (c - j);
                    const double turns = scene.reference.carrier_rows_cpp * (at.row + r) +
                                         scene.reference.carrier_columns_cpp * (at.column + c);
                    sum += frame.count_at(r, c) * std::exp(-d2 / 8) *
                           std::polar(1.0, sign * tau * turns);
                }
            }
            field.push_back(sum);
        }
    }
    return field;
}

}  // namespace

TEST_CASE("a frame is |S + R|^2 of the double-precision twin, pixel by pixel") {
    for (const MediumKind kind : {MediumKind::dense, MediumKind::layered}) {
        Scene scene = noiseless();
        scene.medium.kind = kind;
        scene.speckle = {4, 3};
        scene.reference.curvature_rad_per_px2 = 2e-4;
        scene.reference.waist_px = 200;
        scene.reference.row_offset_px = 15;
        scene.dmd.stuck_on = 200;
        scene.dmd.stuck_off = 100;
        const Optics optics(scene);
        const hal::BitPattern pattern = checkered(scene, 1);
        const hal::Region region{40, 45, 30, 30};
        const hal::Frame frame = shot(optics, pattern, region);
        // At mode centres S is the mode. Modes inside the region start at (40, 45) itself.
        const auto s = optics.true_field(pattern, region);
        const auto r = optics.true_reference(region);
        REQUIRE(s.size() == 8 * 10);
        double worst = 0;
        double mean = 0;
        for (int i = 0; i < 8; ++i) {
            for (int j = 0; j < 10; ++j) {
                const double e = 100 * std::norm(s[i * 10 + j] + r[i * 10 + j]);
                worst = std::max(worst, std::abs(frame.count_at(4 * i, 3 * j) - e / 4));
                mean += e / 80;
            }
        }
        CHECK(mean > 1000);
        // Field units of sqrt(28/16)/4096 = 3.2e-4 sqrt(e/us). S is off by 1/2 unit for the mode's
        // rounding, 2 * (1/2 + 1/2) for the passes' and by 4096/sqrt(12 * 100 channels) for
        // amplitudes rounded to q12 (1e-4 of it); R by 1/2: at most 5 units together. Then
        // |d I| = 2 |S + R| * 5 units * 100 us <= 2 * 12 * 5 * 3.2e-4 * 100 = 3.9 e, 1 DN, plus the
        // converter's 1/2.
        CHECK(worst < 1.5);
    }
}

TEST_CASE("between mode centres the field is the interpolation of the twin's modes") {
    const Scene scene = noiseless();
    const Optics optics(scene);
    const hal::BitPattern pattern = checkered(scene, 2);
    const hal::Region whole{0, 0, 120, 140};
    const auto s = optics.true_field(pattern, whole);  // 30 x 35 modes
    const hal::Frame frame = shot(optics, pattern, {56, 60, 9, 11});
    for (int r = 0; r < 9; ++r) {
        for (int c = 0; c < 11; ++c) {
            std::complex<double> field = 0;
            for (int i = 0; i < 30; ++i) {
                for (int j = 0; j < 35; ++j) {
                    field += s[i * 35 + j] * Speckle::kernel((56 + r) / 4.0 - i) *
                             Speckle::kernel((60 + c) / 4.0 - j);
                }
            }
            const double turns = 0.375 * (56 + r) + 0.375 * (60 + c);
            field += std::polar(std::sqrt(28.0), tau * turns);
            // As above; coefficients of 14 bits add at most 2 * 12 * 2^-15 of 3 rms amplitudes.
            CHECK(std::abs(frame.count_at(r, c) - 25 * std::norm(field)) < 3);
        }
    }
}

TEST_CASE("multiplying by exp(+i arg R) brings the field to the base band, not its conjugate") {
    const Scene scene = noiseless();
    const Optics optics(scene);
    const hal::BitPattern pattern = checkered(scene, 3);
    const hal::Region region{8, 8, 96, 96};
    const hal::Frame frame = shot(optics, pattern, region);
    const auto truth = optics.true_field(pattern, region);
    // 576 modes: fields that have nothing in common correlate by 1/sqrt(576) = 0.04.
    CHECK(correlation(truth, demodulated(frame, scene, +1)) > 0.8);
    CHECK(correlation(truth, demodulated(frame, scene, -1)) < 0.2);
}

TEST_CASE("the side band is centred on the carrier") {
    Scene scene = noiseless();
    scene.reference.carrier_rows_cpp = 0.3123;
    scene.reference.carrier_columns_cpp = -0.2871;
    const Optics optics(scene);
    const hal::Region region{0, 0, 120, 140};
    // S R* is the speckle's spectrum moved to -k: the band's centroid is -k.
    double weight = 0;
    double rows = 0;
    double columns = 0;
    for (unsigned n = 0; n < 4; ++n) {
        const hal::Frame frame = shot(optics, checkered(scene, n), region);
        // Brute-force DFT over the pupil around -k.
        for (int u = -16; u <= 16; ++u) {
            for (int v = -18; v <= 18; ++v) {
                const double fr = -0.3123 + u / 120.0;
                const double fc = 0.2871 + v / 140.0;
                std::complex<double> sum = 0;
                for (int r = 0; r < 120; ++r) {
                    std::complex<double> line = 0;
                    const auto counts = frame.as_u16().subspan(std::size_t(r) * 140, 140);
                    const std::complex<double> step = std::polar(1.0, -tau * fc);
                    std::complex<double> phase = 1;
                    for (int c = 0; c < 140; ++c) {
                        line += double(counts[c]) * phase;
                        phase *= step;
                    }
                    sum += line * std::polar(1.0, -tau * fr * r);
                }
                weight += std::norm(sum);
                rows += std::norm(sum) * fr;
                columns += std::norm(sum) * fc;
            }
        }
    }
    // 4 patterns x 30 x 35 modes spread over a band of +-1/8 cycle per pixel: the centroid's
    // standard error is 0.072 / sqrt(4200) = 0.0011; four of them.
    CHECK(std::abs(rows / weight + 0.3123) < 0.0045);
    CHECK(std::abs(columns / weight - 0.2871) < 0.0045);
}

TEST_CASE("with half of the mirrors on, reference and signal have the scene's ratio") {
    for (const double ratio : {4.0, 16.0, 100.0}) {
        CAPTURE(ratio);
        Scene scene = noiseless();
        scene.dmd.contrast = 1e9;
        scene.reference.ratio = ratio;
        const Optics optics(scene);
        const hal::Region region{0, 0, 120, 140};
        double counts = 0;
        for (unsigned n = 0; n < 8; ++n) {
            const hal::Frame frame = shot(optics, checkered(scene, 100 + n), region);
            for (const std::uint16_t c : frame.as_u16()) counts += c;
        }
        // Mean photo-electrons per us: 40 photons * 0.7, plus that over the ratio; 4 e/DN, 100 us.
        const double e_per_us = counts / (8.0 * 120 * 140) * 4 / 100;
        const double signal = e_per_us - 28;
        // Patterns turn on half of 200 channels +- 7, modes are few (1050): 8 frames give the
        // signal to about 1/sqrt(8 * 1050 / 2) + 0.07/sqrt(8) ~ 3 %, and the interference term
        // leaves 28 * sqrt(2/ratio) / sqrt(8 * 1050).
        CHECK(std::abs(signal - 28 / ratio) <
              0.12 * 28 / ratio + 4 * 28 * std::sqrt(2 / ratio) / 92);
    }
}

TEST_CASE("without a pattern nothing but the leak and the reference reach the sensor") {
    Scene scene = noiseless();
    scene.dmd.contrast = 1e12;
    const Optics optics(scene);
    const hal::Region region{0, 0, 32, 32};
    const hal::Frame frame =
        shot(optics, hal::BitPattern(scene.dmd.rows, scene.dmd.columns), region);
    for (const std::uint16_t c : frame.as_u16()) CHECK_UNARY(c == 700);  // 2800 e
}

TEST_CASE("no laser, no light; half the power or half the time, half the light") {
    Scene scene = noiseless();
    const Optics optics(scene);
    const hal::Region region{10, 10, 24, 24};
    ChannelAmplitudes light;
    optics.reduce(checkered(scene, 5), light);
    const auto scratch = optics.make_scratch();
    const auto render = [&](std::vector<LightSegment> segments) {
        hal::Frame frame;
        optics.expose({region, hal::PixelFormat::mono12, 200us, 0, segments}, *scratch, frame);
        return std::vector<std::uint16_t>(frame.as_u16().begin(), frame.as_u16().end());
    };
    const auto off = render({{&light, 0us, 200us, 0}});
    CHECK(*std::max_element(off.begin(), off.end()) == 0);
    CHECK(off == render({}));
    const auto full = render({{&light, 0us, 200us, 65536}});
    const auto halves = render({{&light, 0us, 100us, 65536}, {&light, 100us, 100us, 65536}});
    const auto dim = render({{&light, 0us, 200us, 32768}});
    const auto brief = render({{&light, 0us, 100us, 65536}, {&light, 100us, 100us, 0}});
    for (std::size_t x = 0; x < full.size(); ++x) {
        CHECK(std::abs(full[x] - halves[x]) <= 1);  // float sums in another order
        CHECK(std::abs(full[x] - 2 * dim[x]) <= 1);
        CHECK(dim[x] == brief[x]);
    }
}

TEST_CASE("a pattern that changes during the exposure adds intensities, not fields") {
    const Scene scene = noiseless();
    const Optics optics(scene);
    const hal::Region region{10, 10, 24, 24};
    const hal::BitPattern a = checkered(scene, 5);
    const hal::BitPattern b = checkered(scene, 6);
    const hal::Frame only_a = shot(optics, a, region);
    const hal::Frame only_b = shot(optics, b, region);
    ChannelAmplitudes light_a;
    ChannelAmplitudes light_b;
    optics.reduce(a, light_a);
    optics.reduce(b, light_b);
    const LightSegment segments[] = {{&light_a, 0us, 50us, 65536}, {&light_b, 50us, 50us, 65536}};
    hal::Frame both;
    optics.expose({region, hal::PixelFormat::mono12, 100us, 0, segments}, *optics.make_scratch(),
                  both);
    for (int r = 0; r < 24; ++r) {
        for (int c = 0; c < 24; ++c) {
            // Three roundings of 1/2 DN.
            CHECK(std::abs(2 * both.count_at(r, c) - only_a.count_at(r, c) -
                           only_b.count_at(r, c)) <= 2);
        }
    }
}

TEST_CASE("fringes wash out when the phase moves during the exposure") {
    Scene scene = noiseless();
    scene.stability.vibration_rad = 0.9;
    scene.stability.vibration_hz = 100000;
    const Optics shaking(scene);
    scene.stability.vibration_rad = 0;
    const Optics still(scene);
    const hal::Region region{0, 0, 96, 96};
    const hal::BitPattern pattern = checkered(scene, 5);
    const auto side_band = [&](const Optics& optics) {
        double power = 0;
        for (const auto& y : demodulated(shot(optics, pattern, region), scene, 1)) {
            power += std::norm(y);
        }
        return std::sqrt(power);
    };
    // Ten periods: fringes shrink by J0(sqrt(2) * 0.9) = 0.6349. The |S|^2 term, which does not,
    // leaks into this simple demodulation at the per cent level.
    CHECK(side_band(shaking) / side_band(still) == doctest::Approx(0.6349).epsilon(0.03));
}

TEST_CASE("the medium forgets along a quarter cosine") {
    Scene scene = noiseless();
    scene.medium.decorrelation_s = 10;
    const Optics optics(scene);
    const hal::Region region{0, 0, 120, 140};
    const hal::BitPattern pattern = checkered(scene, 5);
    const auto at = [&](hal::Duration t) {
        return demodulated(shot(optics, pattern, region, t), scene, 1);
    };
    const auto first = at(0s);
    for (const int s : {0, 2, 5, 8, 10, 13}) {
        CAPTURE(s);
        const double expected = s < 10 ? std::cos(tau / 4 * s / 10) : 0;
        // 1050 modes: a correlation is off by 1/sqrt(1050) = 0.03; demodulation leaves 1 %.
        CHECK(std::abs(correlation(first, at(std::chrono::seconds(s) - (s > 0 ? 50us : 0us))) -
                       expected) < (s == 0 ? 1e-12 : 0.1));
    }
}
