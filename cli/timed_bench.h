// TimedBench: a bench that counts how long its devices keep the program waiting. What is left of a
// projection is the host's own work: encoding, demodulation, recombination.
//
// With a simulated bench the wait is the simulated optics, as far as they are not done ahead by
// other threads.
#pragma once

#include "hal/bench.h"

#include <functional>
#include <memory>

namespace opal::cli {

// Seconds on the wall of all projections together.
struct ProjectionTime {
    double whole_s = 0;
    double bench_s = 0;  // of them inside calls of DMD and camera
    double host_s() const { return whole_s - bench_s; }
    void add(const ProjectionTime& more) {
        whole_s += more.whole_s;
        bench_s += more.bench_s;
    }
};

// Seconds of a clock that only goes forward.
double now_s();

// Seconds inside calls of a bench's devices.
struct DeviceTime {
    double patterns_s = 0;    // load and program: what travels to the DMD
    double dmd_s = 0;         // start, stop, status
    double camera_set_s = 0;  // configure, arm, disarm, status
    double frames_s = 0;      // trigger and receive: exposures, read-outs, silence
    double sum() const { return patterns_s + dmd_s + camera_set_s + frames_s; }
};

class TimedBench final : public hal::Bench {
public:
    // `now`: seconds of the clock that is looked at.
    explicit TimedBench(hal::Bench& inner, std::function<double()> now = now_s);
    ~TimedBench() override;

    double seconds_inside() const { return time_.sum(); }
    const DeviceTime& time() const { return time_; }

    hal::Dmd& dmd() override { return *dmd_; }
    hal::Camera& camera() override { return *camera_; }
    hal::Laser& laser() override { return inner_.laser(); }
    hal::Clock& clock() override { return inner_.clock(); }
    const std::string& name() const override { return inner_.name(); }
    const std::string& identity() const override { return inner_.identity(); }
    double laser_limit_mw() const override { return inner_.laser_limit_mw(); }

private:
    hal::Bench& inner_;
    const std::function<double()> now_;
    DeviceTime time_;
    std::unique_ptr<hal::Dmd> dmd_;
    std::unique_ptr<hal::Camera> camera_;
};

}  // namespace opal::cli
