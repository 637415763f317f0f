// Photon transfer: see photon_transfer.h.
//
// Two frames of the black DMD at the same exposure, each divided by its own mean (the laser's power
// cancels), differ by temporal noise and by fringes of stray light that moved with the arms' phase.
// Noise is white over spatial frequency, fringes are not: the variance is taken from the spectrum
// of the difference, outside of the side bands and of the lowest frequencies. With mean m (DN above
// black), read noise s and gain K (e-/DN):  variance = s^2 + 1/12 + m / K  [EMVA 2021, section 6].
#include "calibration/nodes/photon_transfer.h"

#include "calibration/session.h"
#include "calibration/spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr int levels = 10;
constexpr std::size_t pairs = 24;
constexpr double highest = 0.75;  // of the clipping level
constexpr double quantisation_dn2 = 1.0 / 12;

std::vector<float> counts_of(const hal::Frame& frame, float black) {
    std::vector<float> result;
    result.reserve(frame.region.pixels());
    const auto take = [&](const auto counts) {
        for (const auto c : counts) result.push_back(static_cast<float>(c) - black);
    };
    if (frame.format == hal::PixelFormat::mono8)
        take(frame.as_u8());
    else
        take(frame.as_u16());
    return result;
}

double mean(const std::vector<float>& values) {
    double sum = 0;
    for (const float v : values) sum += static_cast<double>(v);
    return sum / static_cast<double>(values.size());
}

struct Level {
    double mean_dn = 0;
    double variance_dn2 = 0;
    double exposure_us = 0;
};

Level measure_level(Session& session, hal::Duration exposure) {
    const hal::Region region = session.record.holography.region;
    const int size = std::min(region.rows, region.columns);
    const auto black = static_cast<float>(session.record.dark->black_level_deep_dn.value);
    Spectrum spectrum(size);
    Timing timing;
    timing.exposure = exposure;
    Acquisition acquisition = session.acquisition(region, session.deep_format(), timing);
    Level level;
    std::vector<float> first;
    std::vector<float> waiting;
    double scale2 = 0;
    acquisition.acquire_still(session.black(), 2 * pairs,
                              [&](std::size_t i, const hal::Frame& frame) {
                                  std::vector<float> now = counts_of(frame, black);
                                  const double m = mean(now);
                                  level.mean_dn += m / (2 * pairs);
                                  scale2 += m * m / (2 * pairs);
                                  for (float& v : now) v /= static_cast<float>(m);
                                  if (i % 2 == 0) {
                                      first = std::move(now);
                                  } else {
                                      for (std::size_t r = 0; r < now.size(); ++r)
                                          now[r] -= first[r];
                                      // One transform serves two differences.
                                      if (i % 4 == 1)
                                          waiting = std::move(now);
                                      else
                                          spectrum.add(waiting.data(), now.data(),
                                                       static_cast<std::size_t>(region.columns));
                                  }
                                  session.took_frame();
                              });
    level.exposure_us = microseconds(acquisition.exposure_used());
    level.variance_dn2 =
        0.5 * power_outside_bands(spectrum.average(), size, session.record) * scale2;
    return level;
}

struct Line {
    Measured slope;
    double offset = 0;
};

// variance - noise^2 = m / K through the origin, weighted by the scatter of a variance, which is
// proportional to the variance itself.
Line fit_gain(const std::vector<Level>& curve, double noise2) {
    double xx = 0;
    double xy = 0;
    for (const Level& l : curve) {
        const double w = 1 / (l.variance_dn2 * l.variance_dn2);
        xx += w * l.mean_dn * l.mean_dn;
        xy += w * l.mean_dn * (l.variance_dn2 - noise2);
    }
    Line line;
    line.slope.value = xy / xx;
    double square = 0;
    for (const Level& l : curve) {
        const double e = (l.variance_dn2 - noise2 - line.slope.value * l.mean_dn) / l.variance_dn2;
        square += e * e;
    }
    line.slope.sigma = std::sqrt(square / static_cast<double>(curve.size() - 1) / xx);
    return line;
}

// Largest distance of mean against exposure from its straight line, in percent of the mid range.
double nonlinearity(const std::vector<Level>& curve) {
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    const auto n = static_cast<double>(curve.size());
    for (const Level& l : curve) {
        sx += l.exposure_us;
        sy += l.mean_dn;
        sxx += l.exposure_us * l.exposure_us;
        sxy += l.exposure_us * l.mean_dn;
    }
    const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    const double offset = (sy - slope * sx) / n;
    double worst = 0;
    for (const Level& l : curve)
        worst = std::max(worst, std::abs(l.mean_dn - offset - slope * l.exposure_us));
    return 100 * worst / std::max(0.5 * curve.back().mean_dn, 1e-9);
}

}  // namespace

PhotonTransfer measure_photon_transfer(Session& session) {
    session.expect(levels * 2 * pairs);
    PhotonTransfer result;
    const Record& record = session.record;
    const hal::CameraInfo& info = session.bench.camera().info();
    const double black = record.dark->black_level_dn.value;
    // The reference alone at the working exposure, from the half-lit mean: it is nearly all of it.
    const double per_exposure =
        (record.exposure->mean_dn - black) / static_cast<double>(record.timing.exposure.count());
    const double longest = highest * (record.exposure->saturation_dn - black) / per_exposure;
    std::vector<Level> curve;
    for (int i = 1; i <= levels; ++i) {
        const auto exposure = std::clamp<hal::Duration>(
            hal::Duration(static_cast<hal::Duration::rep>(longest * i / levels)), info.min_exposure,
            info.max_exposure);
        curve.push_back(measure_level(session, exposure));
    }
    const double read_noise = record.dark->read_noise_deep_dn.value;
    const Line line = fit_gain(curve, read_noise * read_noise + quantisation_dn2);
    for (const Level& l : curve) {
        result.mean_dn.push_back(l.mean_dn);
        result.variance_dn2.push_back(l.variance_dn2);
        result.exposure_us.push_back(l.exposure_us);
    }
    result.linearity_percent = nonlinearity(curve);

    // Shot noise that cannot be told from none: an ideal light source or a very coarse format.
    const double shot = line.slope.value * curve.back().mean_dn;
    if (!(line.slope.value > 5 * line.slope.sigma) || shot < 0.1 * quantisation_dn2) {
        result.verdict.passed = true;
        result.verdict.text =
            "the light shows no shot noise, so the gain cannot be measured and noise is budgeted "
            "as quantisation alone";
        return result;
    }
    const double gain = 1 / line.slope.value;
    const double gain_sigma = gain * line.slope.sigma / line.slope.value;
    result.gain_deep_e_per_dn = {gain, gain_sigma};
    const double ratio = session.deep_per_working();
    result.gain_e_per_dn = {gain * ratio, gain_sigma * ratio};
    result.read_noise_e = {
        read_noise * gain,
        std::hypot(record.dark->read_noise_deep_dn.sigma * gain, read_noise * gain_sigma)};
    result.verdict.checks = {
        {.name = "bend", .unit = "%", .value = result.linearity_percent, .high = 5}};
    if (result.linearity_percent > 5) {
        result.verdict.text = fmt::format(
            "the camera's answer bends by {:.1f} % of the mid range, want less than 5 %; switch "
            "off "
            "its gamma and automatic gain, or use less of its range",
            result.linearity_percent);
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format("gain {} e-/DN, read noise {} e-, linear within {:.2f} %",
                                          text_of(result.gain_e_per_dn),
                                          text_of(result.read_noise_e), result.linearity_percent);
    }
    return result;
}

}  // namespace opal::calibration
