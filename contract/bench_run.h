// BenchRun: what every check of a contract needs to make light, edges and frames on any bench:
// patterns to tell apart, settings that fit, one sequence, and the frames that came of it.
#pragma once

#include "hal/bench.h"
#include "hal/error.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace opal::contract {

inline hal::BitPattern plain_pattern(const hal::DmdInfo& info, bool on) {
    hal::BitPattern pattern(info.rows, info.columns);
    if (on) pattern.fill(0, 0, info.rows, info.columns, true);
    return pattern;
}

// `index` of `count` patterns that send different fields: vertical stripes, one set of columns on.
inline hal::BitPattern striped_pattern(const hal::DmdInfo& info, int index, int count) {
    hal::BitPattern pattern(info.rows, info.columns);
    const int width = info.columns / (2 * count);
    pattern.fill(0, 2 * index * width, info.rows, width, true);
    pattern.fill(info.rows / 2, 0, info.rows / 2, info.columns / 2, true);
    return pattern;
}

inline std::vector<hal::BitPattern> striped_patterns(const hal::DmdInfo& info, int count) {
    std::vector<hal::BitPattern> patterns;
    for (int i = 0; i < count; ++i) patterns.push_back(striped_pattern(info, i, count));
    return patterns;
}

struct RunTiming {
    hal::Duration camera_delay{0};
    hal::Duration camera_exposure{0};
    hal::Duration pattern{0};
    hal::Duration dark{0};
};

inline hal::Region whole_sensor(const hal::CameraInfo& info) {
    return {0, 0, info.sensor_rows, info.sensor_columns};
}

// The sensor's middle, of so many pixels that speckle can be told apart and frames cost little.
inline hal::Region middle_region(const hal::CameraInfo& info) {
    constexpr int most = 256;
    const int step = std::max(info.region_step_px, 1);
    const auto size = [&](int sensor) { return std::min(sensor, most) / step * step; };
    const auto first = [&](int sensor) { return (sensor - size(sensor)) / 2 / step * step; };
    return {first(info.sensor_rows), first(info.sensor_columns), size(info.sensor_rows),
            size(info.sensor_columns)};
}

// Eight bits, triggered by the line.
inline hal::CameraSettings line_settings(hal::Camera& camera, const RunTiming& timing) {
    hal::CameraSettings settings;
    settings.region = middle_region(camera.info());
    settings.exposure = timing.camera_exposure;
    settings.trigger_delay = timing.camera_delay;
    settings.trigger = hal::TriggerSource::line;
    return settings;
}

// A time this DMD can count, not below `time`.
inline hal::Duration counted(const hal::DmdInfo& info, hal::Duration time) {
    return (time + info.time_step - hal::Duration{1}) / info.time_step * info.time_step;
}

// Camera opens when mirrors have settled and closes well before they move; the period leaves room
// for the readout. Configures the camera, because its dead time depends on the region.
inline RunTiming comfortable_timing(hal::Bench& bench, hal::Duration exposure, hal::Region region) {
    RunTiming timing;
    timing.camera_delay = bench.dmd().info().settle_time + std::chrono::microseconds(10);
    timing.camera_exposure = exposure;
    timing.pattern =
        std::max<hal::Duration>(bench.dmd().info().min_exposure,
                                timing.camera_delay + exposure + std::chrono::microseconds(50));
    hal::CameraSettings settings = line_settings(bench.camera(), timing);
    settings.region = region;
    bench.camera().configure(settings);
    const hal::Duration dead = bench.camera().status().dead_time;
    const hal::DmdInfo& info = bench.dmd().info();
    timing.pattern = counted(info, timing.pattern);
    timing.dark =
        counted(info, std::max<hal::Duration>(info.min_dark, dead + std::chrono::microseconds(50)));
    return timing;
}
inline RunTiming comfortable_timing(hal::Bench& bench, hal::Duration exposure) {
    return comfortable_timing(bench, exposure, middle_region(bench.camera().info()));
}

inline hal::PatternSequence sequence_of(std::uint32_t entries, const RunTiming& timing) {
    hal::PatternSequence sequence;
    for (std::uint32_t i = 0; i < entries; ++i) {
        hal::SequenceEntry entry;
        entry.slot = i;
        entry.exposure = timing.pattern;
        entry.dark = timing.dark;
        sequence.entries.push_back(entry);
    }
    return sequence;
}

// Everything that arrives until nothing has come for `quiet`.
inline std::vector<hal::Frame> receive_all(hal::Bench& bench,
                                           hal::Duration quiet = std::chrono::milliseconds(50)) {
    std::vector<hal::Frame> frames;
    hal::Frame frame;
    while (bench.camera().receive(frame, hal::Deadline::after(bench.clock(), quiet)))
        frames.push_back(frame);
    return frames;
}
// The same, with patience for the first `expected`: a busy host may be late, not short of frames.
inline std::vector<hal::Frame> receive_all(hal::Bench& bench, std::size_t expected,
                                           hal::Duration quiet = std::chrono::milliseconds(50)) {
    constexpr hal::Duration patience = std::chrono::seconds(5);
    std::vector<hal::Frame> frames;
    hal::Frame frame;
    while (bench.camera().receive(
        frame,
        hal::Deadline::after(bench.clock(), frames.size() < expected ? quiet + patience : quiet)))
        frames.push_back(frame);
    return frames;
}

inline double mean_count(const hal::Frame& frame) {
    double sum = 0;
    for (int row = 0; row < frame.region.rows; ++row)
        for (int column = 0; column < frame.region.columns; ++column)
            sum += frame.count_at(row, column);
    return sum / static_cast<double>(frame.region.pixels());
}

// Root mean square difference of two frames of one shape, in DN.
inline double rms_difference(const hal::Frame& a, const hal::Frame& b) {
    double sum = 0;
    for (int row = 0; row < a.region.rows; ++row)
        for (int column = 0; column < a.region.columns; ++column) {
            const double d = a.count_at(row, column) - b.count_at(row, column);
            sum += d * d;
        }
    return std::sqrt(sum / static_cast<double>(a.region.pixels()));
}

// Mean step between neighbouring pixels over the mean count: large where fringes and speckle are.
inline double fringe_contrast(const hal::Frame& frame) {
    double steps = 0;
    for (int row = 0; row < frame.region.rows; ++row)
        for (int column = 1; column < frame.region.columns; ++column)
            steps += std::abs(frame.count_at(row, column) - frame.count_at(row, column - 1));
    return steps / static_cast<double>(frame.region.pixels()) / std::max(mean_count(frame), 1e-9);
}

// Light at the bench's limit, in specification.
inline hal::EmissionGuard full_light(hal::Bench& bench) {
    return hal::EmissionGuard(bench.laser(), bench.clock(), bench.laser_limit_mw(),
                              bench.laser_limit_mw(),
                              hal::Deadline::after(bench.clock(), bench.laser().info().warm_up +
                                                                      std::chrono::seconds(2)));
}

}  // namespace opal::contract
