// DirectLaser: hal::Laser straight on the optical table, without a wire in between.
//
// Warm-up is a linear rise to the set power. The interlock is a door switch someone may open at any
// moment; it cuts the light by itself.
#pragma once

#include "hal/error.h"
#include "hal/laser.h"
#include "sim/table/optical_table.h"

#include <cstdint>
#include <string>

namespace opal::sim {

class DirectLaser final : public hal::Laser {
public:
    DirectLaser(OpticalTable& table, const Scene& scene);
    ~DirectLaser() override;
    DirectLaser(const DirectLaser&) = delete;
    DirectLaser& operator=(const DirectLaser&) = delete;

    const hal::LaserInfo& info() const override { return info_; }
    void arm(double limit_mw) override;
    void set_power(double power_mw) override;
    void emit() override;
    void off() override;
    hal::LaserStatus status() override;

    void set_interlock(bool closed);  // from outside, as a person in the lab

private:
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;
    void enter(hal::LaserState state, hal::Duration at, const std::string& details = {});
    void settle();  // warming up becomes emitting when its time has come
    void require_closed(const char* operation) const;
    std::uint32_t power_q16() const;

    OpticalTable& table_;
    hal::LaserInfo info_;
    hal::LaserState state_ = hal::LaserState::off;
    bool interlock_closed_;
    double limit_mw_ = 0;
    double power_mw_ = 0;
    hal::Duration emitting_since_{0};
};

}  // namespace opal::sim
