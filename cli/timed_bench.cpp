// TimedBench: hands every call on, with a watch in its hand. See timed_bench.h.
#include "cli/timed_bench.h"

#include <chrono>

namespace opal::cli {

namespace {

class Stopwatch {
public:
    explicit Stopwatch(double& seconds) : seconds_(seconds), begin_(now_s()) {}
    ~Stopwatch() { seconds_ += now_s() - begin_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    double& seconds_;
    double begin_;
};

class TimedDmd final : public hal::Dmd {
public:
    TimedDmd(hal::Dmd& inner, double& seconds) : inner_(inner), seconds_(seconds) {}
    const hal::DmdInfo& info() const override { return inner_.info(); }
    void load(std::uint32_t first_slot, std::span<const hal::BitPattern> patterns) override {
        const Stopwatch watch(seconds_);
        inner_.load(first_slot, patterns);
    }
    void program(const hal::PatternSequence& sequence) override {
        const Stopwatch watch(seconds_);
        inner_.program(sequence);
    }
    void start() override {
        const Stopwatch watch(seconds_);
        inner_.start();
    }
    void stop() override {
        const Stopwatch watch(seconds_);
        inner_.stop();
    }
    hal::DmdStatus status() override {
        const Stopwatch watch(seconds_);
        return inner_.status();
    }

private:
    hal::Dmd& inner_;
    double& seconds_;
};

class TimedCamera final : public hal::Camera {
public:
    TimedCamera(hal::Camera& inner, double& seconds) : inner_(inner), seconds_(seconds) {}
    const hal::CameraInfo& info() const override { return inner_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override {
        const Stopwatch watch(seconds_);
        return inner_.configure(wanted);
    }
    const hal::CameraSettings& settings() const override { return inner_.settings(); }
    void arm(std::uint64_t frames) override {
        const Stopwatch watch(seconds_);
        inner_.arm(frames);
    }
    void trigger() override {
        const Stopwatch watch(seconds_);
        inner_.trigger();
    }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        const Stopwatch watch(seconds_);
        return inner_.receive(frame, deadline);
    }
    void disarm() override {
        const Stopwatch watch(seconds_);
        inner_.disarm();
    }
    hal::CameraStatus status() override {
        const Stopwatch watch(seconds_);
        return inner_.status();
    }

private:
    hal::Camera& inner_;
    double& seconds_;
};

}  // namespace

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

TimedBench::TimedBench(hal::Bench& inner)
    : inner_(inner),
      dmd_(std::make_unique<TimedDmd>(inner.dmd(), seconds_)),
      camera_(std::make_unique<TimedCamera>(inner.camera(), seconds_)) {}

TimedBench::~TimedBench() = default;

}  // namespace opal::cli
