// Exposure: see exposure.h. Finds where the camera clips by over-exposing it, then the longest
// exposure whose brightest fringes stay below; if even the shortest is too long, less laser power.
#include "calibration/nodes/exposure.h"

#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr double target = 0.92;  // brightest fringes over the clipping level
constexpr double bright_part =
    1e-4;  // what "brightest" means: this part of the pixels may be above
constexpr int pattern_block_px = 40;
constexpr std::uint64_t purpose = 0x6578706f;  // any number no other node uses

struct Histogram {
    std::vector<std::size_t> counts = std::vector<std::size_t>(4096, 0);
    std::size_t total = 0;

    void add(const hal::Frame& frame) {
        const auto take = [&](const auto pixels) {
            for (const auto c : pixels) ++counts[c];
            total += pixels.size();
        };
        if (frame.format == hal::PixelFormat::mono8)
            take(frame.as_u8());
        else
            take(frame.as_u16());
    }
    // Smallest count with no more than this part of the pixels above it.
    double upper(double part) const {
        std::size_t above = 0;
        const auto allowed = static_cast<std::size_t>(part * static_cast<double>(total));
        for (std::size_t c = counts.size(); c-- > 0;) {
            above += counts[c];
            if (above > allowed) return static_cast<double>(c);
        }
        return 0;
    }
    double part_from(double level) const {
        std::size_t n = 0;
        for (auto c = static_cast<std::size_t>(level); c < counts.size(); ++c) n += counts[c];
        return static_cast<double>(n) / static_cast<double>(total);
    }
    double mean() const {
        double sum = 0;
        for (std::size_t c = 0; c < counts.size(); ++c)
            sum += static_cast<double>(c) * static_cast<double>(counts[c]);
        return sum / static_cast<double>(total);
    }
};

Histogram look(Session& session, hal::Duration exposure, std::size_t frames, bool lit) {
    Histogram histogram;
    Timing timing;
    timing.exposure = exposure;
    Acquisition acquisition =
        session.acquisition(session.record.holography.region, session.working_format(), timing);
    for (std::size_t i = 0; i < frames; ++i) {
        const auto pattern =
            lit ? session.speckle_pattern(purpose + i, pattern_block_px, 0.5) : session.black();
        acquisition.acquire_still(pattern, 1, [&](std::size_t, const hal::Frame& frame) {
            histogram.add(frame);
            if (i == 0 && lit) session.observer.frame("half-lit frame", frame);
            session.took_frame();
        });
    }
    return histogram;
}

// Doubles the exposure until nearly every pixel reads the same: the clipping level.
double find_saturation(Session& session) {
    const hal::CameraInfo& info = session.bench.camera().info();
    const auto max_count = static_cast<double>((1 << hal::bits_of(session.working_format())) - 1);
    for (hal::Duration t = info.min_exposure;; t = std::min(2 * t, info.max_exposure)) {
        const Histogram h = look(session, t, 1, false);
        const double high = h.upper(0.02);
        // A plateau below the last code is the full well; pixels differ by their own gain there.
        if (high >= max_count) return max_count;
        if (h.upper(0.98) > 0.97 * high && high > 0.5 * max_count) return h.upper(0.5);
        if (t >= info.max_exposure) return max_count;
    }
}

}  // namespace

Exposure measure_exposure(Session& session) {
    session.expect(40);
    Exposure result;
    const hal::CameraInfo& info = session.bench.camera().info();
    const double black = session.record.holography.black_level_dn;
    result.saturation_dn = find_saturation(session);
    const double room = result.saturation_dn - black;

    // From the shortest exposure up, until the brightest fringes use a good part of the range.
    hal::Duration exposure = info.min_exposure;
    double brightest = 0;
    for (;;) {
        brightest = look(session, exposure, 2, true).upper(bright_part) - black;
        if (brightest > 0.4 * room || exposure >= info.max_exposure) break;
        exposure = std::min(2 * exposure, info.max_exposure);
    }
    Histogram final = look(session, exposure, 2, true);
    for (int attempt = 0; attempt < 16; ++attempt) {
        double factor = target * room / std::max(brightest, 1.0);
        // A clipped frame does not say how far beyond it is; a white one is far beyond.
        if (brightest >= 0.98 * room)
            factor = final.part_from(result.saturation_dn) > 0.3 ? 0.1 : 0.6;
        auto wanted = hal::Duration(
            static_cast<hal::Duration::rep>(static_cast<double>(exposure.count()) * factor));
        if (wanted < info.min_exposure) {
            const double part = static_cast<double>(wanted.count()) /
                                static_cast<double>(info.min_exposure.count());
            session.record.laser_power_mw *= part;
            session.bench.laser().set_power(session.record.laser_power_mw);
            wanted = info.min_exposure;
        }
        exposure = std::min(wanted, info.max_exposure);
        final = look(session, exposure, half_lit_frames, true);
        brightest = final.upper(bright_part) - black;
        if (brightest < 0.97 * room && (brightest > 0.8 * room || exposure >= info.max_exposure))
            break;
    }
    result.brightest_dn = brightest + black;
    result.mean_dn = final.mean();
    result.saturated_fraction = final.part_from(result.saturation_dn);
    // Twice the time the mirrors say they need, until the latency is measured.
    const hal::Duration delay = std::min<hal::Duration>(
        2 * session.bench.dmd().info().settle_time + std::chrono::microseconds(20),
        info.max_trigger_delay);
    result.timing = plan_timing(session.bench, session.record.holography.region,
                                session.working_format(), exposure, delay);
    session.record.timing = result.timing;
    result.laser_power_mw = session.record.laser_power_mw;

    const double used = brightest / room;
    result.verdict.checks = {
        {.name = "range used by the brightest fringes", .value = used, .low = 0.1},
        {.name = "saturated pixels", .value = result.saturated_fraction, .high = 1e-3}};
    if (used < 0.1) {
        result.verdict.text = fmt::format(
            "the brightest fringes reach {:.0f} % of the camera's range at its longest exposure of "
            "{:.0f} us, want 10 %; more laser power or less attenuation is needed",
            100 * used, microseconds(exposure));
    } else if (result.saturated_fraction > 1e-3) {
        result.verdict.text = fmt::format(
            "{:.2f} % of the pixels saturate at the shortest exposure and {:.3g} mW, want less "
            "than "
            "0.1 %; attenuate both beams",
            100 * result.saturated_fraction, session.record.laser_power_mw);
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format(
            "{:.1f} us at {:.3g} mW: half-lit frames average {:.0f} DN, their brightest fringes "
            "use "
            "{:.0f} % of the range up to {:.0f} DN",
            microseconds(result.timing.exposure), session.record.laser_power_mw, result.mean_dn,
            100 * used, result.saturation_dn);
    }
    return result;
}

}  // namespace opal::calibration
