// DirectCamera: hal::Camera straight on the optical table, without a wire in between.
//
// It checks settings and spends virtual time; edges, exposures and frames are the
// TriggeredSensor's.
#pragma once

#include "hal/camera.h"
#include "hal/error.h"
#include "sim/table/triggered_sensor.h"

#include <string>

namespace opal::sim {

class DirectCamera final : public hal::Camera {
public:
    DirectCamera(OpticalTable& table, const Scene& scene, int threads,
                 std::uint64_t exposures_before = 0);
    ~DirectCamera() override;
    DirectCamera(const DirectCamera&) = delete;
    DirectCamera& operator=(const DirectCamera&) = delete;

    const hal::CameraInfo& info() const override { return info_; }
    hal::CameraSettings configure(const hal::CameraSettings& wanted) override;
    const hal::CameraSettings& settings() const override { return settings_; }
    void arm(std::uint64_t frames) override;
    void trigger() override;
    bool receive(hal::Frame& frame, hal::Deadline deadline) override;
    void disarm() override;
    hal::CameraStatus status() override;
    std::uint64_t exposures_taken();  // of earlier arms

private:
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;
    void check(const hal::CameraSettings& wanted) const;
    hal::Duration readout() const;

    OpticalTable& table_;
    const SensorScene scene_;
    hal::CameraInfo info_;
    hal::CameraSettings settings_;
    bool configured_ = false;
    TriggeredSensor sensor_;
};

}  // namespace opal::sim
