// Rig: a bench as the contract checks are given it, with what only whoever opened it can do: open
// it again, operate its door switch, say how exact its clocks are. Implemented by the program for
// `opal selftest` and by tests/contract for every implementation.
//
// Rule: checks know hal only. What a rig cannot do is skipped and said so, never passed.
#pragma once

#include "hal/bench.h"

#include <chrono>
#include <optional>

namespace opal::contract {

class Rig {
public:
    virtual ~Rig() = default;
    virtual hal::Bench& bench() = 0;

    // Closes the bench and opens it again: dark, stopped, disarmed, never configured. What
    // bench() returned before is gone. False, and nothing done, where that cannot be.
    virtual bool reopen() { return false; }
    // True if set_interlock() works the door switch of the laser.
    virtual bool has_door_switch() const { return false; }
    virtual void set_interlock(bool closed) { (void)closed; }
    // True if the DMD has a trigger input (hal::StartOn::trigger_in).
    virtual bool has_trigger_input() const { return false; }
    // How far device times may be from the ideal ones, and how exactly sleeping host threads meet
    // the moments they wait for.
    virtual hal::Duration time_tolerance() const { return std::chrono::microseconds(20); }
    // From the trigger edge to light, minus from the edge to the start of an exposure without
    // delay, where somebody knows it: how much of an early exposure sees the mirrors move.
    virtual std::optional<hal::Duration> mirror_lag() const { return std::nullopt; }

    // An exposure in which a white pattern at full power neither starves nor saturates the camera;
    // the check "Light: some exposure suits the camera" finds it.
    hal::Duration lit_exposure = std::chrono::microseconds(80);
};

}  // namespace opal::contract
