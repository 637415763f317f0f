// Manifest: fetching a USB3 Vision camera's description from the table of its files.
#pragma once

#include "drivers/u3v/control_channel.h"

#include <string>

namespace opal::drivers::u3v {

// The XML: of the device's descriptions with a schema this program reads, the newest that can be
// read. Throws hal::DeviceError.
std::string fetch_description(ControlChannel& channel);

}  // namespace opal::drivers::u3v
