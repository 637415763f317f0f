// Opening a GigE Vision camera on this machine's network by what people write:
// gige://192.168.1.5, gige://SERIAL, gige://NAME.
#pragma once

#include "drivers/gige/gige_camera.h"

#include <memory>
#include <string>
#include <string_view>

namespace opal::drivers::gige {

// Address of the camera a URI names: an IPv4 address, a serial number, a user-defined name, or
// nothing, if exactly one camera answers. Throws DeviceError when none or several fit.
hal::UdpAddress find_camera(std::string_view uri, hal::Clock& clock);

// Deadlines are on `clock`, which has to be the host's steady clock and outlive the camera.
std::unique_ptr<GigeCamera> open_camera(std::string_view uri, hal::Clock& clock,
                                        GigeOptions options = {});

// The control channel alone, without privilege: for reading.
struct OpenControl {
    std::unique_ptr<hal::UdpPort> port;
    std::unique_ptr<ControlChannel> channel;
};
OpenControl open_control(std::string_view uri, hal::Clock& clock, ControlTiming timing = {});

}  // namespace opal::drivers::gige
