// What light has to do on any bench: suit the camera at some exposure, go away when the laser is
// off, and count in proportion to the time it was collected.
#include "contract/bench_run.h"
#include "contract/checks.h"
#include "contract/trial.h"

#include <fmt/format.h>

namespace opal::contract {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t looks = 4;  // frames that are averaged

// Frames of one standing order: the same pattern `looks` times.
std::vector<hal::Frame> frames_of(hal::Bench& bench, bool white, hal::Duration exposure,
                                  hal::PixelFormat format) {
    RunTiming timing = comfortable_timing(bench, exposure);
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.format = format;
    bench.camera().configure(settings);
    timing.dark = counted(bench.dmd().info(),
                          std::max<hal::Duration>(bench.dmd().info().min_dark,
                                                  bench.camera().status().dead_time + 50us));
    const hal::BitPattern pattern = plain_pattern(bench.dmd().info(), white);
    bench.dmd().load(0, std::span(&pattern, 1));
    hal::PatternSequence sequence = sequence_of(looks, timing);
    for (hal::SequenceEntry& entry : sequence.entries) entry.slot = 0;
    bench.dmd().program(sequence);
    bench.camera().arm(looks);
    bench.dmd().start();
    auto frames = receive_all(bench, looks);
    bench.camera().disarm();
    return frames;
}

double mean_of(const std::vector<hal::Frame>& frames) {
    double sum = 0;
    for (const hal::Frame& frame : frames) sum += mean_count(frame);
    return sum / static_cast<double>(std::max<std::size_t>(frames.size(), 1));
}

// The share of pixels at 90 % of the range or more.
double bright_share(const std::vector<hal::Frame>& frames) {
    std::size_t bright = 0;
    std::size_t all = 0;
    for (const hal::Frame& frame : frames)
        for (int row = 0; row < frame.region.rows; ++row)
            for (int column = 0; column < frame.region.columns; ++column, ++all)
                bright += 10 * frame.count_at(row, column) >= 9 * frame.max_count() ? 1 : 0;
    return static_cast<double>(bright) / static_cast<double>(std::max<std::size_t>(all, 1));
}

hal::PixelFormat deepest(const hal::CameraInfo& info) {
    hal::PixelFormat best = info.formats.front();
    for (const hal::PixelFormat f : info.formats)
        if (hal::bits_of(f) > hal::bits_of(best)) best = f;
    return best;
}

// Leaves the exposure it found to the checks after it.
void light_exposure(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const auto light = full_light(bench);
    const hal::CameraInfo& info = bench.camera().info();
    hal::Duration exposure =
        std::clamp<hal::Duration>(trial.lit_exposure(), info.min_exposure, info.max_exposure);
    // From 5 us to 80 ms it takes 14 doublings.
    for (int attempt = 0; attempt < 20; ++attempt) {
        const auto frames = frames_of(bench, true, exposure, hal::PixelFormat::mono8);
        OPAL_REQUIRE_EQUAL(frames.size(), looks);
        const bool too_bright = bright_share(frames) > 1e-3;
        const bool too_dark = mean_of(frames) < 20;  // of 255
        if (!too_bright && !too_dark) {
            trial.rig().lit_exposure = exposure;
            return;
        }
        const hal::Duration next = too_bright ? exposure / 2 : 2 * exposure;
        if (next < info.min_exposure || next > std::min<hal::Duration>(info.max_exposure, 1s))
            break;
        exposure = next;
    }
    const auto last = frames_of(bench, true, exposure, hal::PixelFormat::mono8);
    trial.expect(false,
                 fmt::format("no exposure suits a white pattern at full power: at {} us the mean "
                             "is {:.0f} of 255 and {:.2f} % of the pixels saturate",
                             exposure.count() / 1000, mean_of(last), 100 * bright_share(last)),
                 __FILE__, __LINE__);
}

// What the laser says of itself is one thing; the camera is the witness.
void light_off_is_dark(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const hal::PixelFormat format = deepest(bench.camera().info());
    const auto look = [&] { return frames_of(bench, true, trial.lit_exposure(), format); };
    const auto before = look();
    OPAL_REQUIRE_EQUAL(before.size(), looks);
    double lit = 0;
    {
        const auto light = full_light(bench);
        lit = mean_of(look());
    }
    const auto after = look();
    OPAL_REQUIRE_EQUAL(after.size(), looks);
    const double dark = mean_of(before);
    OPAL_EXPECT(lit > 2 * dark);
    // A thousandth of the light: less than anything that matters, more than the dark level moves.
    OPAL_EXPECT(std::abs(mean_of(after) - dark) < 1e-3 * (lit - dark) + 0.05);
}

// Twice the time, twice the counts: gamma, automatic gain and clipping all break it.
void light_linear(Trial& trial) {
    hal::Bench& bench = trial.bench();
    const hal::PixelFormat format = deepest(bench.camera().info());
    const hal::Duration whole = trial.lit_exposure();
    const hal::Duration least = bench.camera().info().min_exposure;
    const double dark = mean_of(frames_of(bench, false, whole, format));
    const auto light = full_light(bench);
    const auto rate = [&](hal::Duration exposure) {
        const auto frames = frames_of(bench, false, exposure, format);
        OPAL_REQUIRE_EQUAL(frames.size(), looks);
        return (mean_of(frames) - dark) /
               std::chrono::duration<double, std::micro>(bench.camera().settings().exposure)
                   .count();
    };
    const double expected = rate(whole);
    OPAL_REQUIRE(expected > 0);
    // Noise of the laser's power, averaged over four frames, is a tenth of this; so is an exposure
    // that is off by a microsecond in a hundred.
    constexpr double tolerance = 0.03;
    for (const int part : {2, 4, 8})
        if (whole / part >= std::max<hal::Duration>(least, 10us))
            trial.expect(std::abs(rate(whole / part) / expected - 1) < tolerance,
                         fmt::format("counts per microsecond at 1/{} of the exposure differ by "
                                     "more than {:.0f} %: {:.4g} and {:.4g}",
                                     part, 100 * tolerance, rate(whole / part), expected),
                         __FILE__, __LINE__);
}

}  // namespace

std::vector<Check> light_checks() {
    return {
        {"light", "Light: some exposure suits the camera", Light::emits, false, &light_exposure},
        {"light", "Light: off is dark, says the camera", Light::emits, false, &light_off_is_dark,
         true},
        {"light", "Light: counts grow in proportion to the exposure", Light::emits, false,
         &light_linear},
    };
}

}  // namespace opal::contract
