// Stability: see stability.h.
#include "sim/physics/stability.h"

#include "sim/physics/gaussian.h"
#include "sim/physics/portable_math.h"

#include <algorithm>
#include <cmath>

namespace opal::sim {

namespace {

double seconds(hal::Duration t) {
    return static_cast<double>(t.count()) * 1e-9;
}

// floor(x) and the rest, without libm.
struct Split {
    std::int64_t whole;
    double rest;
};
Split split(double x) {
    auto whole = static_cast<std::int64_t>(x);
    if (x < static_cast<double>(whole)) --whole;
    return {whole, x - static_cast<double>(whole)};
}

}  // namespace

Stability::Stability(const Scene& scene)
    : seed_(scene.seed),
      scene_(scene.stability),
      laser_(scene.laser),
      decorrelation_s_(scene.medium.decorrelation_s),
      vibration_turns_(draw(scene.seed, RandomStream::vibration, 0)[0] / 4294967296.0) {}

double Stability::wander(RandomStream stream, double position) const {
    const Split at = split(position);
    const double smooth = at.rest * at.rest * (3 - 2 * at.rest);
    const CosSin mix = cos_sin_of_turns(0.25 * smooth);
    return mix.cosine * unit_normal(draw_at(seed_, stream, at.whole)[0]) +
           mix.sine * unit_normal(draw_at(seed_, stream, at.whole + 1)[0]);
}

double Stability::phase_rad(hal::Duration at) const {
    double phase = 0;
    if (scene_.drift_rad > 0) {
        phase +=
            scene_.drift_rad * wander(RandomStream::phase_drift, seconds(at) / scene_.drift_time_s);
    }
    if (scene_.vibration_rad > 0) {
        const Split turns = split(seconds(at) * scene_.vibration_hz);
        phase += std::sqrt(2.0) * scene_.vibration_rad *
                 cos_sin_of_turns(turns.rest + vibration_turns_).sine;
    }
    return phase;
}

MeanPhase Stability::mean_phase(hal::Duration start, hal::Duration duration) const {
    // 16 samples per period of the fastest movement, at most 256: beyond, the mean has settled.
    double movements = 0;
    if (scene_.vibration_rad > 0) movements += seconds(duration) * scene_.vibration_hz;
    if (scene_.drift_rad > 0) movements += seconds(duration) / scene_.drift_time_s;
    const auto samples =
        static_cast<int>(std::min<std::int64_t>(256, 1 + round_to_integer(16 * movements)));
    double cosine = 0;
    double sine = 0;
    for (int n = 0; n < samples; ++n) {
        const hal::Duration at = start + duration * (2 * n + 1) / (2 * samples);
        const CosSin phase = cos_sin_of_turns(phase_rad(at) / (2 * pi));
        cosine += phase.cosine;
        sine += phase.sine;
    }
    if (samples == 1) return {cosine, sine, 1};
    const double length = std::sqrt(cosine * cosine + sine * sine);
    if (length == 0) return {1, 0, 0};
    return {cosine / length, sine / length, length / samples};
}

double Stability::power_factor(hal::Duration at) const {
    double factor = 1;
    if (laser_.power_drift > 0) {
        factor += laser_.power_drift *
                  wander(RandomStream::power_drift, seconds(at) / laser_.power_drift_time_s);
    }
    if (laser_.power_noise > 0) {
        factor += laser_.power_noise *
                  unit_normal(draw_at(seed_, RandomStream::power_noise, at.count())[0]);
    }
    return std::max(factor, 0.0);
}

MediumMix Stability::medium_mix(hal::Duration at, double turned_rad) const {
    if (decorrelation_s_ <= 0 && turned_rad == 0) return {};
    double turned = decorrelation_s_ > 0 ? seconds(at) / decorrelation_s_ : 0;
    if (turned_rad != 0) turned += turned_rad * 2 / pi;
    const Split position = split(turned);
    const CosSin mix = cos_sin_of_turns(0.25 * position.rest);
    return {static_cast<std::uint32_t>(position.whole), mix.cosine, mix.sine};
}

}  // namespace opal::sim
