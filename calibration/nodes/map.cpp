// Map: see map.h.
//
// Latency: a white pattern is looked at through a short exposure that starts later and later. The
// fringes grow with the part of the exposure in which the mirrors were at rest, so the delay at
// which they reach half, plus half an exposure, is the latency. Powers are products of two frames
// of the same pattern: their noise is independent and drops out.
#include "calibration/nodes/map.h"

#include "calibration/run_guard.h"
#include "calibration/session.h"
#include "calibration/spectrum.h"
#include "calibration/white_noise.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr int map_rows = 6;
constexpr int map_columns = 10;
constexpr std::size_t contrast_pairs = 16;
constexpr std::uint64_t purpose = 0x6d61700000;
constexpr std::size_t sweep_pairs = 8;  // of a black and a white frame, per delay
constexpr int sweep_steps = 24;

// Triggered black and white frames without the checks of Acquisition: at these delays the camera
// is meant to see the wrong thing. Returns the mean squared fringe contrast of each.
struct Glimpse {
    double black = 0;
    double white = 0;
};

Glimpse look(Session& session, const Timing& timing) {
    RunGuard guard(session.bench);
    hal::Camera& camera = session.bench.camera();
    hal::Dmd& dmd = session.bench.dmd();
    const Holography& h = session.record.holography;
    camera.disarm();
    camera.configure(
        {h.region, h.format, timing.exposure, timing.trigger_delay, hal::TriggerSource::line});
    hal::PatternSequence sequence;
    for (std::size_t i = 0; i < 2 * sweep_pairs; ++i)
        sequence.entries.push_back({static_cast<std::uint32_t>(i % 2), timing.pattern, timing.dark,
                                    hal::StartOn::previous_end, true});
    dmd.program(sequence);
    camera.arm(sequence.entries.size());
    dmd.start();
    Glimpse glimpse;
    hal::Frame frame;
    for (std::size_t i = 0; i < sequence.entries.size(); ++i) {
        if (session.stop.stop_requested()) throw Interrupted();
        const auto deadline = hal::Deadline::after(session.bench.clock(),
                                                   20 * timing.period() + std::chrono::seconds(1));
        if (!camera.receive(frame, deadline) || frame.frame_id != i)
            throw hal::DeviceError(
                hal::ErrorKind::timeout, session.bench.name(), "trigger latency",
                fmt::format("frame {} of {} did not come after the DMD's trigger edge; is the "
                            "trigger cable plugged in?",
                            i, sequence.entries.size()));
        const double contrast = Acquisition::fringe_contrast(frame);
        (i % 2 == 0 ? glimpse.black : glimpse.white) += contrast * contrast / sweep_pairs;
        session.took_frame();
    }
    return glimpse;
}

// Where the response crosses one half, by straight lines between the delays.
double half_crossing(const Map& map) {
    for (std::size_t i = 0; i < map.response.size(); ++i) {
        if (map.response[i] < 0.5) continue;
        if (i == 0) return map.delay_us[0];
        const double part = (0.5 - map.response[i - 1]) / (map.response[i] - map.response[i - 1]);
        return map.delay_us[i - 1] + part * (map.delay_us[i] - map.delay_us[i - 1]);
    }
    return map.delay_us.back();
}

void measure_latency(Session& session, Map& map) {
    const hal::CameraInfo& camera = session.bench.camera().info();
    const hal::DmdInfo& dmd = session.bench.dmd().info();
    const Holography& h = session.record.holography;
    const std::vector<hal::BitPattern> patterns{session.black(), session.white()};
    session.bench.dmd().load(0, patterns);

    // Long enough for some light, short enough to see the ramp.
    const hal::Duration exposure =
        std::max<hal::Duration>(camera.min_exposure, std::chrono::microseconds(4));
    const hal::Duration farthest = std::min<hal::Duration>(
        camera.max_trigger_delay, 3 * dmd.settle_time + std::chrono::microseconds(40));
    const Timing widest = plan_timing(session.bench, h.region, h.format, exposure, farthest);
    const Glimpse settled = look(session, widest);
    const double full = settled.white - settled.black;
    std::vector<double> delays;
    for (int i = 0; i <= sweep_steps; ++i)
        delays.push_back(microseconds(farthest) * i / sweep_steps);
    for (const double delay : delays) {
        Timing timing = widest;
        timing.trigger_delay = from_microseconds(delay);
        const Glimpse seen = look(session, timing);
        map.delay_us.push_back(delay);
        // Fringes grow with the light, their square with its square.
        map.response.push_back(
            std::sqrt(std::max(seen.white - settled.black, 0.0) / std::max(full, 1e-12)));
    }
    const double crossing = half_crossing(map);
    const double step = microseconds(farthest) / sweep_steps;
    const double latency = crossing > 0 ? crossing + 0.5 * microseconds(exposure) : 0;
    map.latency_us = {latency, 0.25 * step};
}

double pair_power(std::span<const std::complex<float>> fields, std::size_t first,
                  std::size_t second, std::size_t modes) {
    return std::abs(
               inner(fields.subspan(first * modes, modes), fields.subspan(second * modes, modes))) /
           static_cast<double>(modes);
}

// A white DMD saturates the camera in places, so white is the sum of two complementary half-lit
// patterns, shown one right after the other, less the black field that both contain.
void measure_contrast(Session& session, Map& map) {
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    std::vector<hal::BitPattern> patterns;
    for (std::size_t i = 0; i < contrast_pairs; ++i) {
        const hal::BitPattern half = session.speckle_pattern(purpose + i, 40, 0.5);
        hal::BitPattern rest = session.black();
        for (int row = 0; row < rest.rows(); ++row)
            for (int column = 0; column < rest.columns(); ++column)
                rest.set(row, column, !half.at(row, column));
        for (int twice = 0; twice < 2; ++twice) {
            patterns.push_back(session.black());
            patterns.push_back(half);
            patterns.push_back(rest);
        }
    }
    std::vector<std::complex<float>> fields;
    reader.read(patterns, fields);
    std::vector<double> black;
    std::vector<double> white;
    for (std::size_t i = 0; i < patterns.size(); i += 6) {
        // white = half + rest - black, into the place of half
        for (const std::size_t f : {i, i + 3})
            for (std::size_t m = 0; m < modes; ++m)
                fields[(f + 1) * modes + m] += fields[(f + 2) * modes + m] - fields[f * modes + m];
        black.push_back(pair_power(fields, i, i + 3, modes));
        white.push_back(pair_power(fields, i + 1, i + 4, modes));
    }
    // The fixed pattern P stands still from frame to frame, and passes for light of the DMD. On
    // average it adds its power p to |B|^2; in M modes the cross term 2 Re B* P scatters by
    // sqrt(2 b p / M) and |P|^2 by p / sqrt(M).
    const double pattern = fixed_pattern_power(session.record, reader.demodulator());
    Measured b = mean_of(black);
    Measured w = mean_of(white);
    b.value = std::max(b.value - pattern, 0.0);
    w.value = std::max(w.value - pattern, 0.0);
    const auto count = static_cast<double>(modes);
    b.sigma =
        std::hypot(b.sigma, std::sqrt(2 * b.value * pattern / count), pattern / std::sqrt(count));
    const double contrast = w.value / std::max(b.value, 1e-12);
    map.contrast = {contrast, contrast * std::hypot(b.sigma / std::max(b.value, 1e-12),
                                                    w.sigma / std::max(w.value, 1e-12))};
}

void measure_blocks(Session& session, Map& map) {
    map.rows = map_rows;
    map.columns = map_columns;
    const int height = session.record.dmd_rows / map_rows;
    const int width = session.record.dmd_columns / map_columns;
    std::vector<hal::BitPattern> patterns;
    for (int block = 0; block < map_rows * map_columns; ++block) {
        hal::BitPattern pattern = session.black();
        pattern.fill(block / map_columns * height, block % map_columns * width, height, width,
                     true);
        patterns.push_back(pattern);
        patterns.push_back(pattern);
    }
    FieldReader reader(session);
    std::vector<std::complex<float>> fields;
    reader.read(patterns, fields);
    for (std::size_t i = 0; i < patterns.size(); i += 2)
        map.light_dn.push_back(pair_power(fields, i, i + 1, reader.modes()));
}

}  // namespace

Map measure_map(Session& session) {
    session.expect(6 * contrast_pairs + 2 * map_rows * map_columns +
                   2 * sweep_pairs * (sweep_steps + 2));
    Map map;
    measure_latency(session, map);
    // A tenth and 2 us later than needed: settling varies from mirror to mirror.
    const hal::Duration delay = std::min<hal::Duration>(
        from_microseconds(1.1 * map.latency_us.value + 2 * map.latency_us.sigma + 2),
        session.bench.camera().info().max_trigger_delay);
    const Holography& h = session.record.holography;
    session.record.timing =
        plan_timing(session.bench, h.region, h.format, session.record.timing.exposure, delay);
    map.timing = session.record.timing;
    measure_contrast(session, map);
    measure_blocks(session, map);

    const double brightest = *std::max_element(map.light_dn.begin(), map.light_dn.end());
    const auto dim = std::count_if(map.light_dn.begin(), map.light_dn.end(),
                                   [&](double l) { return l < 0.02 * brightest; });
    map.verdict.checks = {
        {.name = "light after the longest delay", .value = map.response.back(), .low = 0.8},
        {.name = "contrast",
         .unit = ": 1",
         .value = map.contrast.value,
         .sigma = map.contrast.sigma,
         .low = 50},
        {.name = "dim blocks",
         .value = static_cast<double>(dim) / static_cast<double>(map.light_dn.size()),
         .high = 0.5}};
    if (map.response.back() < 0.8) {
        map.verdict.text = fmt::format(
            "{:.0f} us after the trigger edge the mirrors still send {:.0f} % of their light, want "
            "80 %; check the trigger polarity and the DMD's trigger delay",
            map.delay_us.back(), 100 * map.response.back());
    } else if (map.contrast.value < 50) {
        map.verdict.text = fmt::format(
            "a white DMD is only {:.0f} times brighter than a black one, want 50; block stray "
            "light "
            "and the off-state beam",
            map.contrast.value);
    } else if (2 * dim > static_cast<std::ptrdiff_t>(map.light_dn.size())) {
        map.verdict.text = fmt::format(
            "{} of {} blocks of the DMD send less than 2 % of the brightest one's light, want less "
            "than half; widen or centre the beam on the DMD",
            dim, map.light_dn.size());
    } else {
        map.verdict.passed = true;
        map.verdict.text = fmt::format(
            "mirrors at rest {:.1f} us after the edge, contrast {:.0f} +- {:.0f} : 1, dimmest "
            "block {:.0f} % "
            "of "
            "the brightest; one pattern per {:.0f} us",
            map.latency_us.value, map.contrast.value, map.contrast.sigma,
            100 * *std::min_element(map.light_dn.begin(), map.light_dn.end()) / brightest,
            microseconds(map.timing.period()));
    }
    return map;
}

}  // namespace opal::calibration
