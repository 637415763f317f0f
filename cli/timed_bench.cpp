// TimedBench: hands every call on, with a watch in its hand. See timed_bench.h.
#include "cli/timed_bench.h"

#include <chrono>
#include <utility>

namespace opal::cli {

namespace {

class Stopwatch {
public:
    Stopwatch(double& seconds, const std::function<double()>& now)
        : seconds_(seconds), now_(now), begin_(now()) {}
    ~Stopwatch() { seconds_ += now_() - begin_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    double& seconds_;
    const std::function<double()>& now_;
    double begin_;
};

class TimedDmd final : public hal::Dmd {
public:
    TimedDmd(hal::Dmd& inner, DeviceTime& time, const std::function<double()>& now)
        : inner_(inner), time_(time), now_(now) {}
    const hal::DmdInfo& info() const override { return inner_.info(); }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override {
        const Stopwatch watch(time_.patterns_s, now_);
        inner_.load(first_slot, patterns);
    }
    void program(const hal::PatternSequence& sequence) override {
        const Stopwatch watch(time_.patterns_s, now_);
        inner_.program(sequence);
    }
    void start() override {
        const Stopwatch watch(time_.dmd_s, now_);
        inner_.start();
    }
    void stop() override {
        const Stopwatch watch(time_.dmd_s, now_);
        inner_.stop();
    }
    hal::DmdStatus status() override {
        const Stopwatch watch(time_.dmd_s, now_);
        return inner_.status();
    }
    void distrust() override { inner_.distrust(); }

private:
    hal::Dmd& inner_;
    DeviceTime& time_;
    const std::function<double()>& now_;
};

class TimedCamera final : public hal::Camera {
public:
    TimedCamera(hal::Camera& inner, DeviceTime& time, const std::function<double()>& now)
        : inner_(inner), time_(time), now_(now) {}
    const hal::CameraInfo& info() const override { return inner_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        const Stopwatch watch(time_.camera_set_s, now_);
        return inner_.configure(wanted);
    }
    const hal::CameraSettings& settings() const override { return inner_.settings(); }
    void arm(std::uint64_t frames) override {
        const Stopwatch watch(time_.camera_set_s, now_);
        inner_.arm(frames);
    }
    void trigger() override {
        const Stopwatch watch(time_.frames_s, now_);
        inner_.trigger();
    }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        const Stopwatch watch(time_.frames_s, now_);
        return inner_.receive(frame, deadline);
    }
    void disarm() override {
        const Stopwatch watch(time_.camera_set_s, now_);
        inner_.disarm();
    }
    hal::CameraStatus status() override {
        const Stopwatch watch(time_.camera_set_s, now_);
        return inner_.status();
    }

private:
    hal::Camera& inner_;
    DeviceTime& time_;
    const std::function<double()>& now_;
};

}  // namespace

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

TimedBench::TimedBench(hal::Bench& inner, std::function<double()> now)
    : inner_(inner),
      now_(std::move(now)),
      dmd_(std::make_unique<TimedDmd>(inner.dmd(), time_, now_)),
      camera_(std::make_unique<TimedCamera>(inner.camera(), time_, now_)) {}

TimedBench::~TimedBench() = default;

}  // namespace opal::cli
