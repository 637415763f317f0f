// LaserHead: what one laser's protocol can ask and tell. RemoteLaser makes a hal::Laser of it, so
// that the rules of safety are written once.
//
// For drivers: every call is one or a few exchanges with the device, each with a deadline; a
// missing or unreadable reply throws. No call waits for light, and the constructor asks nothing
// that could make any.
#pragma once

#include "hal/laser.h"

#include <string>

namespace opal::drivers {

struct LaserReading {
    bool interlock_closed = false;  // false where the device cannot tell
    bool emission = false;          // light comes out
    bool requested = false;         // light comes out, or will by itself: after a delay, a key
    bool heating = false;           // and will when temperatures are reached
    bool in_specification = false;  // at the power that was set
    double set_power_mw = 0;
    double measured_power_mw = 0;
    std::string fault;    // in words; empty: none
    std::string barred;   // why it cannot be asked for light now: "the key is off: turn it on"
    std::string waiting;  // why there is no light although asked for: "turn the key off and on"
};

class LaserHead {
public:
    virtual ~LaserHead() = default;
    virtual const std::string& place() const = 0;  // "cobolt /dev/ttyACM0"
    virtual hal::LaserInfo identify() = 0;
    virtual LaserReading read() = 0;
    virtual void write_power(double power_mw) = 0;
    virtual void switch_on() = 0;  // the device has taken it; light may come seconds later
    // Ends emission and every request for it that is still pending.
    virtual void switch_off() = 0;
    virtual void clear_faults() = 0;  // those whose cause is gone; the others stay
    // Another link to the same place, the old one being gone. Throws disconnected if there is no
    // way to one, or what opening it throws.
    virtual void reconnect() = 0;
    // From switch_on() of a warm laser to light at the latest: CDRH delay, key sequence.
    virtual hal::Duration emission_delay() const = 0;
    // Two readings of a set point may differ by this much without meaning anything.
    virtual double power_step_mw() const = 0;
};

}  // namespace opal::drivers
