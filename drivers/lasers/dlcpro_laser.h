// Toptica DLC pro controllers over TCP (protocol/dlcpro.h): laser 1 with its current source.
//
// The controller knows currents, not powers. Between the threshold and the limit the power of a
// laser diode rises by the slope, both from its data sheet or measured:
//   power = slope (current - threshold)
// Set and measured power are computed with this line; a power meter knows better.
#pragma once

#include "hal/laser.h"
#include "hal/tcp_stream.h"

#include <functional>
#include <memory>

namespace opal::drivers {

struct DlcProOptions {
    double threshold_ma = 0;
    double slope_mw_per_ma = 0;
    double wavelength_nm = 0;
    double limit_mw = 0;                              // of the bench
    hal::Duration warm_up = std::chrono::minutes(5);  // temperature ready, from a cold start
};

// Another connection to port 1998; it throws what connecting throws.
using ReopenTcpStream = std::function<std::unique_ptr<hal::TcpStream>()>;

// `command`: connected to port 1998. `monitor`: to port 1999, or null; with it an interlock that
// opened and closed between two readings is noticed. If it ends, that is a fault, once; the laser
// goes on without it. `reopen`: how off() gets another command line when this one is gone; empty:
// it does not. Turns the laser off. Throws DeviceError.
std::unique_ptr<hal::Laser> open_dlcpro(std::unique_ptr<hal::TcpStream> command,
                                        std::unique_ptr<hal::TcpStream> monitor, hal::Clock& clock,
                                        const DlcProOptions& options, ReopenTcpStream reopen = {});

}  // namespace opal::drivers
