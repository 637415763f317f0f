// Drift: see drift.h. One pattern, again and again: first without pause, which shows vibration,
// then in short bursts over a longer time, which show the slow drift and whether the medium stays.
#include "calibration/nodes/drift.h"

#include "calibration/graph.h"
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace opal::calibration {

namespace {

constexpr std::size_t fast_frames = 1024;
constexpr std::size_t bursts = 24;
constexpr std::size_t fewest_bursts = 6;
constexpr std::size_t burst_frames = 16;
constexpr hal::Duration pause = std::chrono::milliseconds(500);
constexpr std::uint64_t purpose = 0x6472696674;

struct Series {
    std::vector<double> time_s;
    std::vector<double> phase_rad;  // unwrapped
    std::vector<double> amplitude;
    std::vector<std::complex<float>> fields;
};

// Gains against the strongest common field: good for any drift, since the pattern is always the
// same.
void follow(Series& s, std::size_t modes) {
    const std::size_t frames = s.time_s.size();
    const auto all = std::span<const std::complex<float>>(s.fields);
    std::vector<std::complex<float>> mean(all.begin(),
                                          all.begin() + static_cast<std::ptrdiff_t>(modes));
    std::vector<std::complex<double>> gains(frames, 1);
    for (int round = 0; round < 3; ++round) {
        const double own = power(mean);
        for (std::size_t f = 0; f < frames; ++f)
            gains[f] = inner(mean, all.subspan(f * modes, modes)) / own;
        std::vector<std::complex<float>> next(modes, 0);
        for (std::size_t f = 0; f < frames; ++f) {
            const auto back = std::complex<float>(std::conj(gains[f]) / std::abs(gains[f]) /
                                                  static_cast<double>(frames));
            for (std::size_t m = 0; m < modes; ++m) next[m] += back * s.fields[f * modes + m];
        }
        mean = std::move(next);
    }
    double last = 0;
    for (std::size_t f = 0; f < frames; ++f) {
        double phase = std::arg(gains[f]);
        if (f > 0)
            phase += 2 * std::numbers::pi * std::round((last - phase) / (2 * std::numbers::pi));
        last = phase;
        s.phase_rad.push_back(phase);
        s.amplitude.push_back(std::abs(gains[f]));
    }
}

double rms_about_mean(const std::vector<double>& values) {
    const Measured m = mean_of(values);
    return m.sigma * std::sqrt(static_cast<double>(values.size()));
}

// The strongest sinusoid of a series, its straight line removed. Samples need not be even: runs are
// separated by their sentinels.
struct Tone {
    double rms = 0;
    double hz = 0;
};

Tone strongest_tone(const Series& s) {
    const std::size_t n = s.phase_rad.size();
    const double span = s.time_s.back() - s.time_s.front();
    const Measured time = mean_of(s.time_s);
    const Measured phase = mean_of(s.phase_rad);
    double xx = 0;
    double xy = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double x = s.time_s[i] - time.value;
        xx += x * x;
        xy += x * (s.phase_rad[i] - phase.value);
    }
    std::vector<double> rest(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double x = s.time_s[i] - time.value;
        const double window = 0.5 + 0.5 * std::cos(2 * std::numbers::pi * x / span);
        rest[i] = (s.phase_rad[i] - phase.value - xy / xx * x) * window;
    }
    const auto power_at = [&](double hz) {
        std::complex<double> sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            sum += rest[i] * std::polar(1.0, -2 * std::numbers::pi * hz * s.time_s[i]);
        return std::norm(sum);
    };
    // Half steps of the resolution; the lowest are drift.
    const double step = 0.5 / span;
    double best = 0;
    double peak = 0;
    for (std::size_t k = 4; k < n; ++k) {
        const double power = power_at(step * static_cast<double>(k));
        if (power > peak) {
            peak = power;
            best = step * static_cast<double>(k);
        }
    }
    // The peak lies between steps: golden section within one step on either side.
    double low = best - step;
    double high = best + step;
    for (int i = 0; i < 30; ++i) {
        const double width = (high - low) / std::numbers::phi;
        if (power_at(high - width) > power_at(low + width))
            high = low + width;
        else
            low = high - width;
    }
    best = 0.5 * (low + high);
    // A tone of amplitude A gives |sum| = A n / 4 through the window.
    return {4 * std::sqrt(power_at(best)) / static_cast<double>(n) / std::numbers::sqrt2, best};
}

Series watch(Session& session, std::size_t runs, std::size_t frames_per_run, hal::Duration wait) {
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    const Layout layout = session.layout();
    std::mt19937_64 bits = session.random(purpose);
    std::vector<std::uint8_t> on(static_cast<std::size_t>(session.record.inputs));
    for (auto& b : on) b = static_cast<std::uint8_t>(bits() >> 63);
    hal::BitPattern pattern;
    layout.draw(on, 0, pattern);
    const std::vector<hal::BitPattern> copies(std::min<std::size_t>(frames_per_run, 128), pattern);
    const hal::Time start = session.bench.clock().now();
    Series s;
    std::vector<std::complex<float>> fields;
    for (std::size_t run = 0; run < runs; ++run) {
        if (run > 0) session.bench.clock().wait_for(wait);
        for (std::size_t done = 0; done < frames_per_run; done += copies.size()) {
            std::vector<double> stamps(copies.size());
            reader.on_frame = [&](std::size_t i, const hal::Frame& frame) {
                stamps[i] = seconds(frame.device_time);
            };
            reader.read(copies, fields);
            s.time_s.insert(s.time_s.end(), stamps.begin(), stamps.end());
            s.fields.insert(s.fields.end(), fields.begin(), fields.end());
        }
        // A slow bench need not show all bursts, but enough for a line through them.
        if (run + 1 >= fewest_bursts && session.bench.clock().now() - start > 4 * bursts * pause)
            break;
    }
    const double zero = s.time_s.front();
    for (double& t : s.time_s) t -= zero;
    follow(s, modes);
    return s;
}

// Upper end of what was measured: two standard uncertainties above it, and above zero.
double most_per_s(const Measured& loss_per_s) {
    return std::max(loss_per_s.value, 0.0) + 2 * loss_per_s.sigma;
}

// How far the loss could have come unseen.
Drift most_unseen(const Drift& drift) {
    Drift most;
    most.observed_s = drift.observed_s;
    most.decorrelation_per_s = {most_per_s(drift.decorrelation_per_s), 0};
    return most;
}

// What was not seen, and what that does not promise.
std::string unseen_text(const Drift& drift) {
    const Drift most = most_unseen(drift);
    const std::string seen =
        fmt::format("loses less than {:.2g} % per minute", 6000 * most.decorrelation_per_s.value);
    if (!fades(most)) return seen;
    return seen + fmt::format(
                      " while watched for {:.0f} s; turning steadily it could lose {:.2g} "
                      "% in {} unseen",
                      drift.observed_s, 100 * spare_correlation,
                      text_of_age(time_to_lose(most, spare_correlation)));
}

}  // namespace

bool fades(const Drift& drift) {
    const Measured& loss = drift.decorrelation_per_s;
    return loss.value > 0 && loss.value > 3 * loss.sigma;
}

double growth_of_change(double age_s, double pause_s) {
    if (!(pause_s > 0)) return 0;
    const double times = std::max(age_s, 0.0) / pause_s;
    return std::max(times, times * times);
}

double loss_after(const Drift& drift, double age_s) {
    if (!fades(drift) || !(drift.observed_s > 0)) return 0;
    const double seen = drift.decorrelation_per_s.value * drift.observed_s;
    return std::min(1.0, seen * growth_of_change(age_s, drift.observed_s));
}

double time_to_lose(const Drift& drift, double loss) {
    if (!fades(drift) || !(drift.observed_s > 0)) return std::numeric_limits<double>::infinity();
    const double times = loss / (drift.decorrelation_per_s.value * drift.observed_s);
    return drift.observed_s * std::min(times, std::sqrt(times));
}

Measured decorrelation_of(std::span<const std::complex<float>> fields,
                          std::span<const double> burst_time_s, std::size_t frames_per_burst,
                          std::size_t modes) {
    assert(fields.size() == burst_time_s.size() * frames_per_burst * modes);
    std::vector<double> time;
    std::vector<double> level;
    for (std::size_t b = 1; b < burst_time_s.size(); ++b) {
        double cross = 0;
        double own = 0;
        for (std::size_t i = 0; i < frames_per_burst; ++i) {
            const auto first = fields.subspan(i * modes, modes);
            const auto now = fields.subspan((b * frames_per_burst + i) * modes, modes);
            cross += std::abs(inner(first, now));
            own += std::sqrt(power(first) * power(now));
        }
        time.push_back(burst_time_s[b]);
        level.push_back(cross / std::max(own, 1e-300));
    }
    assert(time.size() + 1 >= fewest_bursts);
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    const auto n = static_cast<double>(time.size());
    for (std::size_t i = 0; i < time.size(); ++i) {
        sx += time[i];
        sy += level[i];
        sxx += time[i] * time[i];
        sxy += time[i] * level[i];
    }
    const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    const double offset = (sy - slope * sx) / n;
    double square = 0;
    for (std::size_t i = 0; i < time.size(); ++i)
        square += std::pow(level[i] - offset - slope * time[i], 2);
    const double sigma = std::sqrt(square / (n - 2) / (sxx - sx * sx / n));
    return {-slope / offset, sigma / offset};
}

Drift measure_drift(Session& session) {
    session.expect(fast_frames + bursts * burst_frames);
    Drift drift;
    const Series fast = watch(session, 1, fast_frames, hal::Duration{0});
    const Series slow = watch(session, bursts, burst_frames, pause);
    const Tone tone = strongest_tone(fast);
    drift.vibration_rad = tone.rms;
    drift.vibration_hz = tone.hz;
    const double mean = mean_of(fast.amplitude).value;
    drift.power_rms = rms_about_mean(fast.amplitude) / std::max(mean, 1e-30);
    drift.phase_rms_rad = rms_about_mean(slow.phase_rad);
    drift.observed_s = slow.time_s.back();
    const std::size_t modes = slow.fields.size() / slow.time_s.size();
    std::vector<double> begun;
    for (std::size_t f = 0; f < slow.time_s.size(); f += burst_frames)
        begun.push_back(slow.time_s[f]);
    drift.decorrelation_per_s = decorrelation_of(slow.fields, begun, burst_frames, modes);

    // Mean phase of each burst: vibration averages out, what is left is the drift.
    std::vector<double> steps;
    double before = 0;
    double before_time = 0;
    for (std::size_t b = 0; (b + 1) * burst_frames <= slow.time_s.size(); ++b) {
        double phase = 0;
        double time = 0;
        for (std::size_t i = 0; i < burst_frames; ++i) {
            phase += slow.phase_rad[b * burst_frames + i] / burst_frames;
            time += slow.time_s[b * burst_frames + i] / burst_frames;
        }
        if (b > 0) steps.push_back(std::pow((phase - before) / (time - before_time), 2));
        before = phase;
        before_time = time;
    }
    drift.drift_rad_per_s = std::sqrt(mean_of(steps).value);
    drift.time_s = slow.time_s;
    drift.phase_rad = slow.phase_rad;
    const auto first = std::span<const std::complex<float>>(slow.fields).first(modes);
    for (std::size_t f = 0; f < slow.time_s.size(); ++f) {
        const auto now =
            std::span<const std::complex<float>>(slow.fields).subspan(f * modes, modes);
        drift.correlation.push_back(std::abs(inner(first, now)) /
                                    std::sqrt(std::max(power(first) * power(now), 1e-30)));
    }

    // A run is over before the slow phase has moved by half a radian, or the medium by 1e-3.
    const double period = seconds(session.record.timing.period());
    double longest = std::min(10.0, time_to_lose(drift, 1e-3));
    if (drift.drift_rad_per_s > 0) longest = std::min(longest, 0.5 / drift.drift_rad_per_s);
    drift.batch_frames = static_cast<std::uint32_t>(std::max(1.0, longest / period));

    const double within = drift.vibration_rad * 2 * std::numbers::pi * drift.vibration_hz *
                          seconds(session.record.timing.exposure);
    const double per_minute = 60 * drift.decorrelation_per_s.value;
    // Judged only if it is seen at all.
    const bool seen = fades(drift);
    drift.verdict.checks = {
        {.name = "phase within an exposure", .unit = "rad", .value = within, .high = 0.3},
        {.name = "correlation lost per minute",
         .value = seen ? per_minute : 0,
         .sigma = 60 * drift.decorrelation_per_s.sigma,
         .high = 0.5}};
    if (within > 0.3) {
        drift.verdict.text = fmt::format(
            "vibration of {:.2f} rad at {:.0f} Hz moves the phase by {:.2f} rad within one "
            "exposure, "
            "want 0.3; float the table, or shorten the exposure",
            drift.vibration_rad, drift.vibration_hz, within);
    } else if (seen && per_minute > 0.5) {
        drift.verdict.text = fmt::format(
            "the medium loses {:.0f} % of its correlation per minute, want less than 50 %; fix the "
            "sample, let it settle, or shield it from air",
            100 * per_minute);
    } else {
        drift.verdict.passed = true;
        drift.verdict.text = fmt::format(
            "phase drifts {:.3f} rad/s and shakes {:.3f} rad at {:.0f} Hz, power within {:.2f} %; "
            "the medium {}; runs of up to {} frames",
            drift.drift_rad_per_s, drift.vibration_rad, drift.vibration_hz, 100 * drift.power_rms,
            seen ? fmt::format("loses {:.2g} % per minute, {:.2g} % in {} if it goes on turning",
                               100 * per_minute, 100 * spare_correlation,
                               text_of_age(time_to_lose(drift, spare_correlation)))
                 : unseen_text(drift),
            drift.batch_frames);
    }
    return drift;
}

}  // namespace opal::calibration
