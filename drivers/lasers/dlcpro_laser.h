// Toptica DLC pro controllers over TCP (protocol/dlcpro.h): laser 1 with its current source.
//
// The controller knows currents, not powers. Between the threshold and the limit the power of a
// laser diode rises by the slope, both from its data sheet or measured:
//   power = slope (current - threshold)
// Set and measured power are computed with this line; a power meter knows better.
#pragma once

#include "hal/laser.h"
#include "hal/tcp_stream.h"

#include <memory>

namespace opal::drivers {

struct DlcProOptions {
    double threshold_ma = 0;
    double slope_mw_per_ma = 0;
    double wavelength_nm = 0;
    double limit_mw = 0;                              // of the bench
    hal::Duration warm_up = std::chrono::minutes(5);  // temperature ready, from a cold start
};

// `command`: connected to port 1998. `monitor`: to port 1999, or null; with it an interlock that
// opened and closed between two readings is noticed. Turns the laser off. Throws DeviceError.
std::unique_ptr<hal::Laser> open_dlcpro(std::unique_ptr<hal::TcpStream> command,
                                        std::unique_ptr<hal::TcpStream> monitor, hal::Clock& clock,
                                        const DlcProOptions& options);

}  // namespace opal::drivers
