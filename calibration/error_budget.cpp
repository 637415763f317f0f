// ErrorBudget: see error_budget.h.
//
// Noise of the pixels goes through the demodulator's filter: a pixel variance v(r) gives the modes
// sum_r |w_m(r)|^2 v(r) / |R(r)|^2 (Demodulator::noise_power). Band overlap and saturation are not
// noise but follow from the field itself: interferograms of a few frames are computed back from
// their modes, and the part in question is demodulated alone.
#include "calibration/error_budget.h"

#include "calibration/interferogram.h"
#include "calibration/record.h"
#include "calibration/twin_image.h"
#include "calibration/white_noise.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace opal::calibration {

namespace {

constexpr double quantisation_dn2 = 1.0 / 12;

double mean(const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [](double sum, float v) { return sum + static_cast<double>(v); }) /
           static_cast<double>(values.size());
}

double mean_power(std::span<const std::complex<float>> field) {
    double sum = 0;
    for (const auto f : field) sum += static_cast<double>(std::norm(f));
    return sum / static_cast<double>(field.size());
}

// The field that light `extra` (DN per pixel, on top of the reference) would leave.
std::vector<std::complex<float>> leaked(const Record& record, const Demodulator& demodulator,
                                        std::vector<float> extra) {
    const Holography& h = record.holography;
    for (std::size_t r = 0; r < extra.size(); ++r)
        extra[r] += static_cast<float>(h.black_level_dn) + h.reference_dn[r];
    Demodulator::Workspace workspace;
    std::vector<std::complex<float>> field(demodulator.modes());
    demodulator.demodulate_linear(extra, field, workspace);
    return field;
}

double leak(const Record& record, const Demodulator& demodulator, std::vector<float> extra) {
    return mean_power(leaked(record, demodulator, std::move(extra)));
}

// Mean power of t(field), twin_image.h, over these fields.
double twin_power(const Record& record, const Demodulator& demodulator,
                  const std::vector<std::vector<std::complex<float>>>& fields) {
    double sum = 0;
    for (const auto& field : fields) sum += mean_power(twin_field(record, demodulator, field));
    return sum / static_cast<double>(std::max<std::size_t>(fields.size(), 1));
}

// Mean power of what a demodulator that is not linear makes wrong of the interferogram of `field`,
// |S|^2 and twin together.
double misread(const Record& record, const Demodulator& demodulator,
               std::span<const std::complex<float>> field,
               const std::vector<std::complex<float>>& on_pixels,
               const std::vector<std::complex<float>>& reference) {
    std::vector<float> counts(on_pixels.size());
    for (std::size_t r = 0; r < counts.size(); ++r)
        counts[r] = static_cast<float>(record.holography.black_level_dn) +
                    std::norm(on_pixels[r] + reference[r]);
    Demodulator::Workspace workspace;
    std::vector<std::complex<float>> found(demodulator.modes());
    demodulator.demodulate(counts, found, workspace);
    double sum = 0;
    for (std::size_t m = 0; m < found.size(); ++m)
        sum += static_cast<double>(std::norm(found[m] - field[m]));
    return sum / static_cast<double>(found.size());
}

}  // namespace

std::vector<std::complex<float>> overlap_field(const Record& record, const Demodulator& demodulator,
                                               std::span<const std::complex<float>> field) {
    const auto on_pixels = field_on_pixels(record.holography, field);
    std::vector<float> light(on_pixels.size());
    for (std::size_t r = 0; r < light.size(); ++r) light[r] = std::norm(on_pixels[r]);
    return leaked(record, demodulator, std::move(light));
}

std::vector<ErrorSource> predict_errors(const Record& record, const Demodulator& demodulator,
                                        const BudgetInputs& in) {
    const Holography& h = record.holography;
    const PhotonTransfer& transfer = *record.photon_transfer;
    const auto reference = reference_on_pixels(h);
    const std::size_t pixels = h.region.pixels();
    const double gain = transfer.gain_e_per_dn.value;
    const double room = record.exposure->saturation_dn - h.black_level_dn;
    std::vector<float> shot(pixels, 0);
    std::vector<float> signal(pixels);
    std::vector<float> clipped(pixels);
    double overlap = 0;
    double saturation = 0;
    const double part = 1 / static_cast<double>(std::max<std::size_t>(in.examples.size(), 1));
    // |S|^2 = |C|^2 + 2 Re(C* D) + |D|^2 with C what all patterns have in common: the matrix takes
    // up the first two, which are linear in the pattern.
    std::vector<std::complex<float>> common(pixels);
    for (const auto& example : in.examples) {
        const auto field = field_on_pixels(h, example);
        for (std::size_t r = 0; r < pixels; ++r) common[r] += field[r] * static_cast<float>(part);
    }
    for (const auto& example : in.examples) {
        const auto field = field_on_pixels(h, example);
        for (std::size_t r = 0; r < pixels; ++r) {
            const float light = std::norm(field[r] + reference[r]);
            if (gain > 0) shot[r] += static_cast<float>(static_cast<double>(light) / gain * part);
            signal[r] = std::norm(field[r] - common[r]);
            clipped[r] = std::min(static_cast<float>(room) - light, 0.0F);
        }
        saturation += leak(record, demodulator, clipped) * part;
        if (demodulator.is_linear()) {
            overlap += leak(record, demodulator, signal) * part;
        } else {
            overlap += misread(record, demodulator, example, field, reference) * part;
        }
    }
    const double deep = 1 << (record.dark->deep_bits - hal::bits_of(h.format));
    const double read = record.dark->read_noise_deep_dn.value / deep;
    const auto noise = [&](double variance) {
        return mean(
            demodulator.noise_power(std::vector<float>(pixels, static_cast<float>(variance))));
    };
    const double scale = 1 / std::max(in.data_power * in.mean_gain2, 1e-30);

    std::vector<ErrorSource> budget;
    const auto source = [&](const char* name, double share) {
        budget.emplace_back();
        budget.back().name = name;
        budget.back().share = share;
    };
    source("shot noise", mean(demodulator.noise_power(shot)) * scale);
    source("read noise", noise(read * read) * scale);
    source("quantisation", noise(quantisation_dn2) * scale);
    source("band overlap", overlap * scale);
    // Strip and matrix have the twin in them as it stood when each was measured, the strip when
    // gains were 1. Between the matrix and these frames the phase has gone on drifting.
    double twin = 0;
    if (demodulator.is_linear()) {
        const double gone = std::pow(2 * record.drift->drift_rad_per_s * in.age_s, 2);
        twin = twin_power(record, demodulator, in.strips) * in.twin_step2 +
               twin_power(record, demodulator, in.data) * std::min(in.twin_spread2 + gone, 2.0);
    }
    source("twin image", twin * scale);
    source("saturation", saturation * scale);
    // A wrong gain scales everything, strip and static light included.
    source("phase reference", in.gain_variance * in.frame_power * scale);
    source("strip noise", record.identity.strip_variance * scale * in.mean_gain2);
    source("matrix noise", in.lit_inputs * record.matrix->entry_variance() * scale * in.mean_gain2);
    // Losing the part x of its correlation turns 2 x of the medium's power into something else;
    // vibration within an exposure blurs the phase.
    const Drift& drift = *record.drift;
    const double sweep = 2 * std::numbers::pi * drift.vibration_hz * drift.vibration_rad *
                         std::chrono::duration<double>(record.timing.exposure).count();
    source("drift", 2 * loss_after(drift, in.age_s) + sweep * sweep / 12);
    // Differences of the pixels are light that stands still while everything else turns with the
    // phase. Static light was learned when the gain was 1.
    source("PRNU", fixed_pattern_power(record, demodulator) * in.gain_step2 * scale);
    // The mirrors of an input are the same in every pattern, and inputs share none.
    source("encoding", 0);
    return budget;
}

}  // namespace opal::calibration
