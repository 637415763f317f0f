// PixelWitness: see pixel_witness.h.
#include "calibration/pixel_witness.h"

#include "calibration/session.h"

#include <algorithm>
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
