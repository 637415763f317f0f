// Coherent OBIS lasers over a serial line (protocol/obis.h), connected directly: headers carry no
// address.
#pragma once

#include "drivers/lasers/line_exchange.h"
#include "hal/laser.h"
#include "hal/serial_line.h"

#include <memory>

namespace opal::drivers {

struct ObisOptions {
    double limit_mw = 0;                              // of the bench
    hal::Duration warm_up = std::chrono::minutes(5);  // from a cold start, at most
};

// Turns the laser off, sets handshaking on and the prompt off. Throws DeviceError if nobody
// answers, or not an OBIS. `reopen`: how off() gets another line when this one is gone.
std::unique_ptr<hal::Laser> open_obis(std::unique_ptr<hal::SerialLine> line, hal::Clock& clock,
                                      const ObisOptions& options, ReopenSerialLine reopen = {});

}  // namespace opal::drivers
