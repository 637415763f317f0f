// Reference: see reference.h. |R|^2 is the mean of black frames, freed of the fringes that stray
// light of the dark mirrors makes with it.
#include "calibration/nodes/reference.h"

#include "calibration/low_pass.h"
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace opal::calibration {

namespace {

constexpr std::size_t half_lit_patterns = 24;
constexpr int block_px = 40;
constexpr std::uint64_t purpose = 0x7265660000;

using Field = std::vector<std::complex<double>>;

// One axis of the pupil's low-pass, at every pixel instead of every mode.
void filter_lines(const Field& from, Field& to, int lines, int length, int line_step, int step,
                  int pitch_px, double carrier_cpp) {
    for (int centre = 0; centre < length; ++centre) {
        const LowPass filter = design_low_pass(centre, length, pitch_px, carrier_cpp);
        for (int l = 0; l < lines; ++l) {
            std::complex<double> sum = 0;
            for (std::size_t t = 0; t < filter.taps.size(); ++t) {
                const auto at = static_cast<std::size_t>(
                    l * line_step + (filter.first_px + static_cast<int>(t)) * step);
                sum += filter.taps[t] * from[at];
            }
            to[static_cast<std::size_t>(l * line_step + centre * step)] = sum;
        }
    }
}

// The side band of an image at every pixel, shifted to zero frequency: S |R| for an interferogram.
// `phase`: exp(i phi) of the reference per pixel.
Field side_band(const Holography& h, const std::vector<double>& image, const Field& phase) {
    Field shifted(image.size());
    Field half(image.size());
    Field band(image.size());
    for (std::size_t r = 0; r < image.size(); ++r) shifted[r] = image[r] * phase[r];
    filter_lines(shifted, half, h.region.rows, h.region.columns, h.region.columns, 1,
                 h.pitch_columns_px, h.carrier_columns_cpp);
    filter_lines(half, band, h.region.columns, h.region.rows, 1, h.region.columns, h.pitch_rows_px,
                 h.carrier_rows_cpp);
    return band;
}

Field carrier_phase(const Holography& h) {
    Field phase;
    phase.reserve(h.region.pixels());
    for (int row = 0; row < h.region.rows; ++row)
        for (int column = 0; column < h.region.columns; ++column) {
            const double dr = row - 0.5 * (h.region.rows - 1);
            const double dc = column - 0.5 * (h.region.columns - 1);
            phase.push_back(std::polar(
                1.0,
                2 * std::numbers::pi * (h.carrier_rows_cpp * row + h.carrier_columns_cpp * column) +
                    h.curvature_rad_per_px2 * (dr * dr + dc * dc)));
        }
    return phase;
}

std::vector<double> light_of(const hal::Frame& frame, double black_dn) {
    std::vector<double> light;
    light.reserve(frame.region.pixels());
    const auto take = [&](const auto counts) {
        for (const auto c : counts) light.push_back(static_cast<double>(c) - black_dn);
    };
    if (frame.format == hal::PixelFormat::mono8)
        take(frame.as_u8());
    else
        take(frame.as_u16());
    return light;
}

// `levels`: the mean of each frame.
std::vector<double> mean_black(Session& session, std::vector<double>& levels) {
    const Record& record = session.record;
    const Holography& h = record.holography;
    std::vector<double> mean(h.region.pixels(), 0);
    Acquisition acquisition = session.acquisition(h.region, h.format, record.timing);
    acquisition.acquire_still(
        session.black(), reference_frames, [&](std::size_t i, const hal::Frame& frame) {
            const std::vector<double> light = light_of(frame, h.black_level_dn);
            for (std::size_t r = 0; r < light.size(); ++r) mean[r] += light[r] / reference_frames;
            levels[i] = std::accumulate(light.begin(), light.end(), 0.0) /
                        static_cast<double>(light.size());
            if (i == 0) session.observer.frame("black frame", frame);
            session.took_frame();
        });
    return mean;
}

}  // namespace

Reference measure_reference(Session& session) {
    session.expect(reference_frames + 2 * half_lit_patterns);
    Reference result;
    Holography& h = session.record.holography;
    std::vector<double> levels(reference_frames);
    std::vector<double> image = mean_black(session, levels);
    // Fringes of stray light are in the side band; what is left of the image does not interfere.
    const Field phase = carrier_phase(h);
    const Field fringes = side_band(h, image, phase);
    for (std::size_t r = 0; r < image.size(); ++r)
        image[r] -= 2 * (fringes[r] * std::conj(phase[r])).real();
    double sum = 0;
    double square = 0;
    h.reference_dn.clear();
    for (const double v : image) {
        h.reference_dn.push_back(static_cast<float>(std::max(v, 0.0)));
        sum += v;
        square += v * v;
    }
    const auto n = static_cast<double>(image.size());
    const double mean = sum / n;
    // The laser's power is common to all pixels of a frame: only frames tell how far it scatters.
    result.mean_dn = {mean, mean_of(levels).sigma};
    result.unevenness = std::sqrt(std::max(square / n - mean * mean, 0.0)) / std::max(mean, 1e-9);
    result.verdict.checks = {{.name = "reference",
                              .unit = "DN",
                              .value = mean,
                              .sigma = result.mean_dn.sigma,
                              .low = 4}};
    if (mean < 4) {
        result.verdict.text = fmt::format(
            "the reference gives {:.1f} DN at the working exposure, want at least 4; is its arm "
            "blocked?",
            mean);
        return result;
    }

    // Each pattern twice: noise of two frames is independent, so that it drops out of their
    // product, and the arms hardly move in between.
    std::vector<hal::BitPattern> patterns;
    for (std::size_t i = 0; i < half_lit_patterns; ++i)
        for (int twice = 0; twice < 2; ++twice)
            patterns.push_back(session.speckle_pattern(purpose + i, block_px, 0.5));
    FieldReader reader(session);
    std::vector<Field> bands(2);
    std::vector<double> signals;
    reader.on_frame = [&](std::size_t i, const hal::Frame& frame) {
        bands[i % 2] = side_band(h, light_of(frame, h.black_level_dn), phase);
        if (i % 2 == 0) return;
        std::complex<double> product = 0;
        for (std::size_t r = 0; r < image.size(); ++r)
            product += bands[0][r] * std::conj(bands[1][r]);
        signals[i / 2] = std::abs(product) / sum;  // sum |S R|^2 / sum |R|^2
    };
    signals.resize(half_lit_patterns);
    std::vector<std::complex<float>> fields;
    reader.read(patterns, fields);
    session.observer.field("half-lit field", std::span(fields).first(reader.modes()), h.mode_rows,
                           h.mode_columns);
    const Measured signal = mean_of(signals);
    const double ratio = mean / std::max(signal.value, 1e-9);
    result.ratio = {ratio, ratio * signal.sigma / std::max(signal.value, 1e-9)};
    result.verdict.checks.push_back({.name = "reference : signal",
                                     .value = ratio,
                                     .sigma = result.ratio.sigma,
                                     .low = 4,
                                     .high = 2500});
    result.verdict.checks.push_back({.name = "unevenness", .value = result.unevenness, .high = 1});
    if (ratio < 4) {
        result.verdict.text = fmt::format(
            "reference too weak: {:.1f}:1 against a half-lit DMD, want 4:1; turn the half-wave "
            "plate "
            "towards the reference arm",
            ratio);
    } else if (ratio > 2500) {
        result.verdict.text = fmt::format(
            "signal too weak: the reference is {:.0f} times stronger, want at most 2500; turn the "
            "half-wave plate towards the DMD, or align the beam on the medium",
            ratio);
    } else if (result.unevenness > 1) {
        result.verdict.text = fmt::format(
            "the reference varies by {:.0f} % over the region, want less than 100 %; centre its "
            "beam "
            "on the camera",
            100 * result.unevenness);
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format(
            "reference {:.0f} DN, uneven by {:.1f} %, {:.1f} times the signal of a half-lit DMD",
            mean, 100 * result.unevenness, ratio);
    }
    return result;
}

}  // namespace opal::calibration
