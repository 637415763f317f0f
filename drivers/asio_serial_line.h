// AsioSerialLine: hal::SerialLine on a terminal device: an RS-232 port, a USB CDC device, or a
// pseudo-terminal in a test. Deadlines are on the host's steady clock.
#pragma once

#include "hal/serial_line.h"

#include <memory>
#include <string>

namespace opal::drivers {

// path: "/dev/ttyACM0". Throws DeviceError: refused (no such device, no permission, in use by
// another program), out_of_range (a setting the device cannot take).
std::unique_ptr<hal::SerialLine> open_serial_line(const std::string& path,
                                                  const hal::SerialSettings& settings = {});

}  // namespace opal::drivers
