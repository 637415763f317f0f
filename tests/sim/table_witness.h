// TableWitness: what a camera on a table should see, worked out the slow way: every microsecond of
// an exposure is looked up by scanning the list of commands from the beginning. No timeline, no
// lookahead, no threads; light goes through Optics directly.
#pragma once

#include "hal/camera.h"
#include "hal/dmd.h"
#include "sim/physics/optics.h"
#include "sim/table/scene_time.h"

#include <algorithm>
#include <map>
#include <vector>

namespace opal::sim {

class TableWitness {
public:
    using Duration = hal::Duration;
    static constexpr Duration tick{1000};

    explicit TableWitness(const Scene& scene)
        : scene_(scene), optics_(scene), scratch_(optics_.make_scratch()) {
        optics_.reduce(hal::BitPattern(scene.dmd.rows, scene.dmd.columns), dark_);
    }

    void load(const std::vector<hal::BitPattern>& patterns) {
        lights_.resize(patterns.size());
        for (std::size_t i = 0; i < patterns.size(); ++i) optics_.reduce(patterns[i], lights_[i]);
    }
    void start(Duration at, const hal::PatternSequence& sequence) {
        stop(at);
        runs_.push_back({at, Duration::max(), sequence});
    }
    void stop(Duration at) {
        if (!runs_.empty()) runs_.back().stop = std::min(runs_.back().stop, at);
    }
    void power(Duration at, std::uint32_t q16) { powers_.push_back({at, q16}); }

    // Every edge up to `until`, in the order of time and, at one moment, of starts.
    std::vector<Duration> edges(Duration until) const {
        std::vector<Duration> all;
        for (const Run& run : runs_)
            for (Duration at = run.start; at <= std::min(run.stop, until); at += tick)
                if (const auto* entry = entry_beginning(run, at); entry && entry->trigger_out)
                    all.push_back(at);
        return all;
    }

    // The frame of an exposure that begins at `begin`.
    hal::Frame frame(const hal::CameraSettings& settings, Duration begin, std::uint64_t key) {
        std::vector<LightSegment> segments;
        for (Duration at = begin; at < begin + settings.exposure; at += tick) {
            const ChannelAmplitudes* light = light_at(at);
            const std::uint32_t power_q16 = power_at(at);
            if (segments.empty() || segments.back().light != light ||
                segments.back().power_q16 != power_q16)
                segments.push_back({light, at, tick, power_q16});
            else
                segments.back().duration += tick;
        }
        hal::Frame frame;
        frame.reshape(settings.region, settings.format);
        optics_.expose({settings.region, settings.format, settings.exposure, key, segments},
                       *scratch_, frame);
        return frame;
    }

private:
    struct Run {
        Duration start;
        Duration stop;
        hal::PatternSequence sequence;
    };
    struct Power {
        Duration at;
        std::uint32_t q16;
    };

    static Duration period(const Run& run) {
        Duration sum{0};
        for (const auto& entry : run.sequence.entries) sum += entry.exposure + entry.dark;
        return sum;
    }
    static Duration inside(const Run& run, Duration at) {
        return run.sequence.repeat ? (at - run.start) % period(run) : at - run.start;
    }
    static const hal::SequenceEntry* entry_beginning(const Run& run, Duration at) {
        Duration begin{0};
        for (const auto& entry : run.sequence.entries) {
            if (inside(run, at) == begin) return &entry;
            begin += entry.exposure + entry.dark;
        }
        return nullptr;
    }
    const ChannelAmplitudes* light_at(Duration at) const {
        const Duration command = at - from_microseconds(scene_.dmd.settle_us);
        for (const Run& run : runs_) {
            if (command < run.start || command >= run.stop) continue;
            Duration begin{0};
            for (const auto& entry : run.sequence.entries) {
                const Duration t = inside(run, command);
                if (t >= begin && t < begin + entry.exposure) return &lights_[entry.slot];
                begin += entry.exposure + entry.dark;
            }
        }
        return &dark_;
    }
    std::uint32_t power_at(Duration at) const {
        std::uint32_t q16 = 0;
        for (const Power& power : powers_)
            if (power.at <= at) q16 = power.q16;
        return q16;
    }

    Scene scene_;
    Optics optics_;
    std::unique_ptr<Optics::Scratch> scratch_;
    ChannelAmplitudes dark_;
    std::vector<ChannelAmplitudes> lights_;
    std::vector<Run> runs_;
    std::vector<Power> powers_;
};

}  // namespace opal::sim
