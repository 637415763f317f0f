// PseudoTerminal: a serial line without a cable: this end for a virtual instrument, and a device
// path that any program opens as it opens a real port.
#pragma once

#include "hal/serial_line.h"

#include <memory>
#include <string>

namespace opal::drivers {

struct PseudoTerminal {
    std::unique_ptr<hal::SerialLine> line;  // the instrument's end; nobody there: nothing arrives
    std::string path;                       // "/dev/pts/3"
};

// Throws DeviceError{unsupported} where the system has none.
PseudoTerminal open_pseudo_terminal();

}  // namespace opal::drivers
