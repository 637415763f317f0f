// FaultyBench: a bench whose camera hands over the light of another exposure, with everything else
// about the frame right: what counters, time stamps and sentinels cannot see.
#pragma once

#include "hal/bench.h"

#include <functional>
#include <vector>

namespace opal::tests {

class FaultyCamera final : public hal::Camera {
public:
    explicit FaultyCamera(hal::Camera& camera) : camera_(camera) {}

    // True: this frame, the n-th since the camera was made, gets the light of the one before.
    std::function<bool(std::uint64_t n)> stale = [](std::uint64_t) { return false; };
    // True: part of this frame's pixels got lost on the link, and the camera says so.
    std::function<bool(std::uint64_t n)> torn = [](std::uint64_t) { return false; };
    std::uint64_t frames = 0;  // received

    const hal::CameraInfo& info() const override { return camera_.info(); }
    hal::CameraSettings configure(const hal::CameraSettings& s) override {
        return camera_.configure(s);
    }
    const hal::CameraSettings& settings() const override { return camera_.settings(); }
    void arm(std::uint64_t n) override { camera_.arm(n); }
    void trigger() override { camera_.trigger(); }
    bool receive(hal::Frame& frame, hal::Deadline deadline) override {
        if (!camera_.receive(frame, deadline)) return false;
        auto light = frame.bytes;
        if (stale(frames) && before_.size() == light.size()) frame.bytes = before_;
        before_ = std::move(light);
        if (torn(frames)) frame.status = hal::FrameStatus::incomplete;
        ++frames;
        return true;
    }
    void disarm() override { camera_.disarm(); }
    hal::CameraStatus status() override { return camera_.status(); }

private:
    hal::Camera& camera_;
    std::vector<std::byte> before_;
};

class FaultyBench final : public hal::Bench {
public:
    explicit FaultyBench(hal::Bench& bench) : faulty(bench.camera()), bench_(bench) {}

    FaultyCamera faulty;

    hal::Dmd& dmd() override { return bench_.dmd(); }
    hal::Camera& camera() override { return faulty; }
    hal::Laser& laser() override { return bench_.laser(); }
    hal::Clock& clock() override { return bench_.clock(); }
    const std::string& name() const override { return bench_.name(); }
    const std::string& identity() const override { return bench_.identity(); }
    double laser_limit_mw() const override { return bench_.laser_limit_mw(); }

private:
    hal::Bench& bench_;
};

}  // namespace opal::tests
