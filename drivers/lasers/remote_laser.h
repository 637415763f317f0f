// RemoteLaser: hal::Laser over any laser's protocol: the order of commands, the limits, and the
// proof that the device did what it was told.
//
//   off -> arm: interlock, key and faults asked, power 0 -> set_power: read back -> emit: asked,
//   then watched until light comes -> off: asked, then read back
//
// A laser that says it is at its power may still be rising: it counts as warming up until its
// warm-up time is over, or until readings over a tenth of it (a second at most) agree.
//
// "OK" is no light, and no answer is not darkness: each command is followed by a reading. When the
// device cannot confirm that it is off, off() throws and says that emission is unknown. Off means
// that no light comes and none is pending. Whatever goes wrong, the device is told to be off: a
// door that opened and closes again must find nothing to light.
#pragma once

#include "drivers/lasers/laser_head.h"
#include "hal/error.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace opal::drivers {

class RemoteLaser final : public hal::Laser {
public:
    // Turns the laser off first, whatever it was doing. limit_mw: of the bench, at most the
    // device's own maximum counts. `clock` must outlive the laser.
    RemoteLaser(hal::Clock& clock, std::unique_ptr<LaserHead> head, double limit_mw);
    // Off, or at least asked to be: a destructor cannot say more.
    ~RemoteLaser() override;
    RemoteLaser(const RemoteLaser&) = delete;
    RemoteLaser& operator=(const RemoteLaser&) = delete;

    const hal::LaserInfo& info() const override { return info_; }
    void arm(double limit_mw) override;
    void set_power(double power_mw) override;
    void emit() override;
    void off() override;
    hal::LaserStatus status() override;

private:
    enum class State { off, armed, lit, fault };
    [[noreturn]] void fail(hal::ErrorKind kind, const char* operation,
                           const std::string& text) const;
    LaserReading look();  // and notices what has gone wrong
    void require_ready(const LaserReading& reading, const char* operation) const;
    void switch_off(const char* operation);
    bool confirmed_dark();
    bool same_device();
    void wait_for_light(std::unique_lock<std::mutex>& lock);
    void begin_warm_up();
    bool warmed_up(const LaserReading& reading);

    hal::Clock& clock_;
    std::unique_ptr<LaserHead> head_;
    hal::LaserInfo info_;
    std::mutex mutex_;  // off() may come from any thread; held for the exchanges of one call
    State state_ = State::off;
    std::string fault_;  // what ended the light, until off()
    double limit_mw_ = 0;
    std::uint64_t offs_ = 0;  // calls of off(): an emit() under way gives up
    // Since light or power were last asked for.
    bool warm_ = false;
    hal::Time warm_at_{};                 // at the latest
    std::optional<hal::Time> steady_at_;  // from then on readings agree with this one
    double steady_mw_ = 0;
};

}  // namespace opal::drivers
