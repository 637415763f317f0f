// Cobolt lasers over a serial line (protocol/cobolt.h).
//
// The label's power has to be given: families differ in the unit of their maximum, and a reading
// that agrees with the label in neither unit is refused rather than guessed. The driver never
// disables the autostart: that would defeat the key.
#pragma once

#include "drivers/lasers/line_exchange.h"
#include "hal/laser.h"
#include "hal/serial_line.h"
#include "protocol/cobolt.h"

#include <memory>

namespace opal::drivers {

struct CoboltOptions {
    protocol::CoboltFamily family = protocol::CoboltFamily::mld_06;
    double label_power_mw = 0;                        // as printed on the laser
    double wavelength_nm = 0;                         // likewise; the protocol does not tell
    double limit_mw = 0;                              // of the bench
    hal::Duration warm_up = std::chrono::minutes(2);  // [Cobolt 04-01 owner's manual]
};

// Turns the laser off. Throws DeviceError if nobody answers, or not a Cobolt with that label.
// `reopen`: how off() gets another line when this one is gone.
std::unique_ptr<hal::Laser> open_cobolt(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock,
                                        const CoboltOptions& options, ReopenSerialLine reopen = {});

}  // namespace opal::drivers
