// The wire bench: three devices, and in which order they come and go.
#include "drivers/wire_bench.h"

#include "hal/error.h"

#include <fmt/format.h>

namespace opal::drivers {

namespace {

// Whatever changes what the camera makes of light.
std::string values_text(const CameraValues& values) {
    std::string text;
    for (const auto& [name, value] : values) text += fmt::format(" {}={}", name, value);
    return text;
}

// What makes milliwatts of a current: with another slope the same number is other light.
std::string diode_text(const WireBenchPlan& plan) {
    if (plan.laser.kind != DeviceKind::dlcpro) return {};
    return fmt::format(" threshold {} mA slope {} mW/mA", plan.laser_facts.threshold_ma,
                       plan.laser_facts.slope_mw_per_ma);
}

class WireBench final : public hal::Bench {
public:
    explicit WireBench(const WireBenchPlan& plan)
        : name_(fmt::format("bench '{}'", plan.name)),
          laser_(open_laser(plan.laser, clock_, plan.laser_facts)),
          dmd_(open_dmd(plan.dmd, clock_, plan.trigger, plan.dmd_facts, plan.on_upload,
                        plan.on_note)),
          camera_(open_camera(plan.camera, clock_, plan.trigger, plan.camera_values)),
          identity_(fmt::format("wire:dmd {} {}; camera {} {}{}; laser {} {}{}; medium {}",
                                dmd_->info().model, dmd_->info().serial, camera_->info().model,
                                camera_->info().serial, values_text(plan.camera_values),
                                laser_->info().model, laser_->info().serial, diode_text(plan),
                                plan.medium)) {}

    // Light goes first, whatever happens after.
    ~WireBench() override {
        laser_.reset();
        dmd_.reset();
        camera_.reset();
    }

    hal::Dmd& dmd() override { return *dmd_; }
    hal::Camera& camera() override { return *camera_; }
    hal::Laser& laser() override { return *laser_; }
    hal::Clock& clock() override { return clock_; }
    const std::string& name() const override { return name_; }
    const std::string& identity() const override { return identity_; }
    double laser_limit_mw() const override { return laser_->info().max_power_mw; }

private:
    hal::SteadyClock clock_;
    const std::string name_;
    std::unique_ptr<hal::Laser> laser_;
    std::unique_ptr<hal::Dmd> dmd_;
    std::unique_ptr<hal::Camera> camera_;
    const std::string identity_;
};

}  // namespace

std::unique_ptr<hal::Bench> make_wire_bench(const WireBenchPlan& plan) {
    return std::make_unique<WireBench>(plan);
}

}  // namespace opal::drivers
