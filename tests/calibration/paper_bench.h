// PaperBench: the smallest bench acquisition can be tested on, with virtual time and no optics.
// Every frame is a picture of the pattern that was on the mirrors: its first pixels carry the
// pattern's fingerprint, the rest has stripes whose contrast grows with the root of the mirrors on,
// as interference does.
//
// Rule: the bench itself is honest. Faults are added by `camera_faults` and `dmd_faults`, one
// function per defect, called at the place where the real defect happens.
#pragma once

#include "hal/bench.h"
#include "hal/error.h"

#include <cmath>
#include <deque>
#include <functional>

namespace opal::tests {

class PaperClock final : public hal::Clock {
public:
    hal::Time now() const override { return now_; }
    void wait_until(hal::Time when) override { now_ = std::max(now_, when); }

private:
    hal::Time now_{};
};

inline std::uint32_t fingerprint(const hal::BitPattern& pattern) {
    std::uint32_t hash = 2166136261U;
    for (int row = 0; row < pattern.rows(); ++row)
        for (std::uint64_t word : pattern.row_words(row))
            for (int b = 0; b < 8; ++b) {
                hash = (hash ^ static_cast<std::uint32_t>(word & 255U)) * 16777619U;
                word >>= 8;
            }
    return hash;
}

inline std::uint32_t fingerprint(const hal::Frame& frame) {
    const auto pixels = frame.as_u8();
    return std::uint32_t{pixels[0]} | std::uint32_t{pixels[1]} << 8 |
           std::uint32_t{pixels[2]} << 16 | std::uint32_t{pixels[3]} << 24;
}

struct Edge {
    hal::Time at{};
    hal::BitPattern pattern;
};

// What can go wrong between two honest devices. Each is called once per run (start()).
struct PaperFaults {
    std::function<void(hal::PatternSequence&)> sequence;  // what the DMD really shows
    std::function<void(std::deque<Edge>&)> edges;         // what the trigger cable delivers
    std::function<void(std::deque<hal::Frame>&)> frames;  // what reaches the host
    int runs_left = 0;                                    // runs the faults still apply to
};

class PaperDmd final : public hal::Dmd {
public:
    explicit PaperDmd(PaperClock& clock, PaperFaults& faults) : clock_(clock), faults_(faults) {
        info_.model = "paper";
        info_.rows = 16;
        info_.columns = 64;
        info_.min_exposure = std::chrono::microseconds(100);
        info_.settle_time = std::chrono::microseconds(10);
        info_.memory_patterns = 12;
        info_.max_entries = 100;
    }
    const hal::DmdInfo& info() const override { return info_; }
    void load(std::uint32_t first, std::span<const hal::BitPattern> patterns) override {
        if (running) throw hal::DeviceError(hal::ErrorKind::wrong_state, "paper", "load", "runs");
        if (first + patterns.size() > info_.memory_patterns)
            throw hal::DeviceError(hal::ErrorKind::out_of_range, "paper", "load", "memory");
        memory_.resize(info_.memory_patterns);
        std::copy(patterns.begin(), patterns.end(), memory_.begin() + first);
    }
    void program(const hal::PatternSequence& sequence) override { sequence_ = sequence; }
    void start() override {
        running = true;
        hal::PatternSequence shown = sequence_;
        if (faults_.runs_left > 0 && faults_.sequence && !shown.repeat) faults_.sequence(shown);
        hal::Time at = clock_.now();
        std::deque<Edge> edges;
        for (const hal::SequenceEntry& e : shown.entries) {
            if (e.trigger_out) edges.push_back({at, memory_[e.slot]});
            at += e.exposure + e.dark;
        }
        standing = memory_[shown.entries.front().slot];
        if (faults_.runs_left > 0 && faults_.edges && !shown.repeat) faults_.edges(edges);
        if (on_start) on_start(std::move(edges));
    }
    void stop() override {
        running = false;
        ++stops;
    }
    hal::DmdStatus status() override { return {running, 0}; }

    bool running = false;
    int stops = 0;
    hal::BitPattern standing;
    std::function<void(std::deque<Edge>)> on_start;

private:
    PaperClock& clock_;
    PaperFaults& faults_;
    hal::DmdInfo info_;
    std::vector<hal::BitPattern> memory_;
    hal::PatternSequence sequence_;
};

class PaperCamera final : public hal::Camera {
public:
    PaperCamera(PaperClock& clock, PaperDmd& dmd, PaperFaults& faults)
        : clock_(clock), dmd_(dmd), faults_(faults) {
        info_.model = "paper";
        info_.formats = {hal::PixelFormat::mono8};
        dmd_.on_start = [this](std::deque<Edge> edges) { take(edges); };
    }
    const hal::CameraInfo& info() const override { return info_; }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        if (armed) throw hal::DeviceError(hal::ErrorKind::wrong_state, "paper", "configure", "");
        return settings_ = wanted;
    }
    const hal::CameraSettings& settings() const override { return settings_; }
    void arm(std::uint64_t) override {
        armed = true;
        next_id_ = 0;
        queue_.clear();
    }
    void trigger() override { queue_.push_back(picture(clock_.now(), dmd_.standing)); }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        if (queue_.empty()) {
            clock_.wait_until(deadline.at);
            return false;
        }
        frame = queue_.front();
        queue_.pop_front();
        clock_.wait_until(hal::Time(frame.device_time) + settings_.exposure);
        return true;
    }
    void disarm() override {
        armed = false;
        queue_.clear();
    }
    hal::CameraStatus status() override {
        return {armed, missed, 25, std::chrono::microseconds(1)};
    }

    bool armed = false;
    std::uint64_t missed = 0;

private:
    hal::Frame picture(hal::Time at, const hal::BitPattern& pattern) {
        hal::Frame frame;
        frame.reshape(settings_.region, settings_.format);
        const double lit = static_cast<double>(pattern.count_on()) /
                           (static_cast<double>(pattern.rows()) * pattern.columns());
        const int swing = static_cast<int>(std::lround(2 + 60 * std::sqrt(lit)));
        const auto pixels = frame.as_u8();
        for (std::size_t i = 0; i < pixels.size(); ++i)
            pixels[i] = static_cast<std::uint8_t>(i % 2 ? 100 + swing : 100 - swing);
        const std::uint32_t print = fingerprint(pattern);
        for (std::size_t b = 0; b < 4; ++b)
            pixels[b] = static_cast<std::uint8_t>(print >> (8 * b) & 255U);
        frame.frame_id = next_id_++;
        frame.device_time = at.time_since_epoch();
        return frame;
    }
    void take(std::deque<Edge>& edges) {
        if (!armed || settings_.trigger != hal::TriggerSource::line) return;
        for (const Edge& edge : edges) queue_.push_back(picture(edge.at, edge.pattern));
        if (faults_.runs_left > 0 && faults_.frames) faults_.frames(queue_);
        if (faults_.runs_left > 0) --faults_.runs_left;
    }

    PaperClock& clock_;
    PaperDmd& dmd_;
    PaperFaults& faults_;
    hal::CameraInfo info_;
    hal::CameraSettings settings_;
    std::deque<hal::Frame> queue_;
    std::uint64_t next_id_ = 0;
};

class PaperLaser final : public hal::Laser {
public:
    const hal::LaserInfo& info() const override { return info_; }
    void arm(double) override {}
    void set_power(double) override {}
    void emit() override {}
    void off() override {}
    hal::LaserStatus status() override { return {}; }

private:
    hal::LaserInfo info_;
};

class PaperBench final : public hal::Bench {
public:
    hal::Dmd& dmd() override { return dmd_; }
    hal::Camera& camera() override { return camera_; }
    hal::Laser& laser() override { return laser_; }
    hal::Clock& clock() override { return clock_; }
    const std::string& name() const override { return name_; }
    const std::string& identity() const override { return name_; }
    double laser_limit_mw() const override { return 1; }

    PaperFaults faults;
    PaperClock clock_;
    PaperDmd dmd_{clock_, faults};
    PaperCamera camera_{clock_, dmd_, faults};
    PaperLaser laser_;
    std::string name_ = "paper bench";
};

}  // namespace opal::tests
