// LightFaults: what power, phase and medium do beyond the scene, as a function of virtual time.
//
// Faults are added as runs begin and never taken back. Where nothing has been added, a segment is
// left as it is, to the bit. Arithmetic as in sim/physics: the same on every machine.
#pragma once

#include "hal/clock.h"
#include "sim/faults/fault.h"
#include "sim/physics/optics.h"

#include <vector>

namespace opal::sim {

class LightFaults {
public:
    void add(const Fault& fault, hal::Duration at);
    void bend(LightSegment& segment) const;

private:
    struct Begun {
        Fault fault;
        hal::Duration at{0};
    };
    std::vector<Begun> begun_;
};

}  // namespace opal::sim
