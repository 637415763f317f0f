// Faults of `usb` cables (sim/faults/fault.h) -> what virtual instruments do next. Pulling a plug
// is the business of whoever holds the cable.
#pragma once

#include "sim/faults/fault.h"
#include "sim/instruments/dlpc900/dlpc900_instrument.h"
#include "sim/instruments/u3v/virtual_u3v_camera.h"

namespace opal::cli {

// False: this fault is not the camera's, or the board's.
bool spoil(sim::VirtualU3vCamera& camera, const sim::Fault& fault);
bool spoil(sim::Dlpc900Instrument& board, const sim::Fault& fault);

}  // namespace opal::cli
