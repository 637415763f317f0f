// Laser: the light source, and the rules that keep it safe.
//
//   off ---arm(limit)---> armed ---set_power, emit()---> emitting ---off()---> off
//
// The laser starts off. Emission needs an explicit arm() with a limit. off() is the way out of
// every state and of every accident; EmissionGuard calls it on every exit from a scope.
#pragma once

#include "hal/clock.h"

#include <stop_token>
#include <string>

namespace opal::hal {

struct LaserInfo {
    std::string model;
    std::string serial;
    double wavelength_nm = 0;
    double max_power_mw = 0;
    Duration warm_up{0};  // from emit() to power within specification
};

enum class LaserState { off, armed, warming_up, emitting, fault };

struct LaserStatus {
    LaserState state = LaserState::off;
    bool interlock_closed = false;
    double set_power_mw = 0;
    double measured_power_mw = 0;  // 0 while off
    std::string fault;             // empty unless state is fault
};

// For users:
//   - arm(limit): limit above the device's or the bench's maximum throws unsafe. Interlock open
//     throws refused. Arming again replaces the limit, resets the power to 0 and emits nothing.
//     While emitting or in fault: wrong_state; off() comes first.
//   - set_power(): above the armed limit throws unsafe, negative throws out_of_range, and nothing
//     is sent. Needs arm() before.
//   - emit() returns when light comes out; power is in specification when status().state is
//     `emitting`. It needs arm() before, else wrong_state; an open interlock throws refused.
//   - off() is idempotent, allowed in every state, and ends in `off`, disarmed, set power 0. It
//     throws only if the device could not confirm: emission is then unknown and a person has to
//     look.
//   - Calls come from one thread at a time, except off(): any thread may call it at any moment.
//   - An interlock that opens while armed or emitting turns light off by hardware; status() then
//     says fault. Closing it again never turns light back on: off(), arm() and emit() are needed.
// For drivers:
//   - The constructor never emits; the destructor calls off() and swallows nothing it could report
//     through a log.
//   - Read back set point, emission and interlock after each command; a missing reply is
//     "unknown", never "off".
class Laser {
public:
    virtual ~Laser() = default;
    virtual const LaserInfo& info() const = 0;
    virtual void arm(double limit_mw) = 0;
    virtual void set_power(double power_mw) = 0;
    virtual void emit() = 0;
    virtual void off() = 0;
    virtual LaserStatus status() = 0;
};

// Light on for the length of a scope: arms, sets the power, emits, and waits until the power is in
// specification. The destructor turns the laser off whatever ended the scope, asks again if the
// device could not confirm, and never throws.
// Throws, the laser off: DeviceError{timeout} if the power is not in specification by `deadline`,
// Interrupted as soon as `stop` is requested. Once made, the guard looks at `stop` no more.
class EmissionGuard {
public:
    EmissionGuard(Laser& laser, Clock& clock, double power_mw, double limit_mw, Deadline deadline,
                  std::stop_token stop = {});
    ~EmissionGuard();
    EmissionGuard(const EmissionGuard&) = delete;
    EmissionGuard& operator=(const EmissionGuard&) = delete;

private:
    Laser& laser_;
};

}  // namespace opal::hal
