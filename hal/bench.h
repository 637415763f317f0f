// Bench: a DMD, a laser and a camera around a scattering medium, with the trigger cable between DMD
// and camera.
//
// Two functions make one: sim/ builds a simulated bench, replay/ plays a recorded one back.
// Everything else receives it.
#pragma once

#include "hal/camera.h"
#include "hal/clock.h"
#include "hal/dmd.h"
#include "hal/laser.h"

#include <string>

namespace opal::hal {

// For users:
//   - The references live as long as the bench. Destroying the bench turns the laser off first,
//     then stops the DMD, then disarms the camera.
// For drivers:
//   - identity() must change when a calibration would no longer hold (another device, another
//     medium); it is stored with the calibration record and compared before the record is used.
//   - The bench never emits, shows or exposes on its own: a new bench is dark and disarmed.
class Bench {
public:
    virtual ~Bench() = default;
    virtual Dmd& dmd() = 0;
    virtual Camera& camera() = 0;
    virtual Laser& laser() = 0;
    virtual Clock& clock() = 0;
    virtual const std::string& name() const = 0;      // for people, e.g. "simulated bench 'lab'"
    virtual const std::string& identity() const = 0;  // for machines: models, serials, medium
    virtual double laser_limit_mw() const = 0;        // configured maximum; no code may exceed it
};

}  // namespace opal::hal
