// PixelWitness: see pixel_witness.h.
#include "calibration/pixel_witness.h"

#include "calibration/session.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace opal::calibration {

PixelWitness::PixelWitness(const Record& record, std::size_t frames)
    : frames_(frames),
      black_dn_(record.dark->black_level_dn.value),
      limit_dn_(record.exposure->saturation_dn),
      noise_(record, black_dn_),
      light_(record.holography.region.pixels(), 0) {}

void PixelWitness::take(std::size_t index, const hal::Frame& frame) {
    if (index >= frames_) return;
    const auto count = [&](const auto counts) {
        const auto part = 1 / static_cast<double>(frames_);
        for (std::size_t r = 0; r < counts.size(); ++r) {
            const auto dn = static_cast<double>(counts[r]);
            light_[r] += static_cast<float>((dn - black_dn_) * part);
            clipped_ += dn >= limit_dn_ ? 1 : 0;
        }
        pixels_ += counts.size();
    };
    if (frame.format == hal::PixelFormat::mono8)
        count(frame.as_u8());
    else
        count(frame.as_u16());
    if (index % 2 == 0)
        first_ = frame;
    else
        noise_.add(first_, frame);
}

void PixelWitness::tell(WitnessInputs& in) const {
    in.working = noise_.level();
    in.mean_light = light_;
    in.clipped = clipped_;
    in.pixels = pixels_;
}

PixelLaw pixel_law(const WitnessInputs& in) {
    PixelLaw law;
    const Measured& bright = in.working.variance_dn2;
    const Measured& dim = in.dim.variance_dn2;
    const double span = in.working.mean_dn - in.dim.mean_dn;
    if (!(span > 0)) return law;
    law.found = true;
    law.slope = {(bright.value - dim.value) / span, std::hypot(bright.sigma, dim.sigma) / span};
    // Steps act as noise of 1/12 if the noise before them is half a step or more.
    const double dither = std::sqrt(std::max(in.coarse.variance_dn2.value, 0.0));
    law.step_found = in.steps > 1 && dither > 0.5;
    if (law.step_found) {
        // The coarser variance is v + q s^2, the finer one v + q, with q of a step of 1.
        const double s2 = in.steps * in.steps;
        const Measured& fine = in.fine.variance_dn2;
        const Measured& coarse = in.coarse.variance_dn2;
        law.step = {(coarse.value * s2 - fine.value) / (s2 - 1),
                    std::hypot(coarse.sigma * s2, fine.sigma) / (s2 - 1)};
    } else {
        law.step = {1.0 / 12, 0};
    }
    law.floor = {dim.value - law.slope.value * in.dim.mean_dn - law.step.value,
                 std::hypot(dim.sigma, law.slope.sigma * in.dim.mean_dn, law.step.sigma)};
    return law;
}

void take_stills(Session& session, WitnessInputs& in) {
    const hal::CameraInfo& info = session.bench.camera().info();
    const hal::PixelFormat working = session.working_format();
    in.dim = still_noise(session, info.min_exposure, working, still_pairs);
    hal::PixelFormat other = working;
    const auto distance = [&](hal::PixelFormat f) {
        return std::abs(hal::bits_of(f) - hal::bits_of(working));
    };
    for (const hal::PixelFormat f : info.formats)
        if (distance(f) > distance(other)) other = f;
    if (other == working) return;
    const bool finer = hal::bits_of(other) > hal::bits_of(working);
    const hal::PixelFormat fine = finer ? other : working;
    const hal::PixelFormat coarse = finer ? working : other;
    // Enough light for shot noise to dither the coarser steps, and less than the working frames.
    const hal::Duration exposure =
        std::max<hal::Duration>(info.min_exposure, session.record.timing.exposure / 2);
    in.fine = still_noise(session, exposure, fine, still_pairs);
    in.coarse = still_noise(session, exposure, coarse, still_pairs);
    in.steps = 1 << (hal::bits_of(fine) - hal::bits_of(coarse));
}

}  // namespace opal::calibration
