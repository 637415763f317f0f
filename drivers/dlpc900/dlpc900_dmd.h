// Dlpc900Dmd: hal::Dmd on TI's DLPC900 boards (LightCrafter 6500 and 9000) over USB, patterns on
// the fly.
//
// Slots are planes: slot s lies in bit s % 24 of image s / 24: 24 patterns travel as one picture.
// Pictures travel compressed, highest first, and only those that changed, unless the number of
// entries did, which makes the board forget them. A bad upload gives no error on this controller:
// it shows its splash screen instead. That has to be seen by a camera (docs/pairing.md: the code
// words do).
#pragma once

#include "hal/dmd.h"
#include "hal/usb_device.h"

#include <functional>
#include <memory>

namespace opal::drivers {

struct Dlpc900Options {
    // TRIG_IN_1; otherwise StartOn::trigger_in is unsupported.
    bool trigger_in_wired = false;
    // Called while pictures travel: bytes sent, and all that this upload will send.
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload;
};

// Stops whatever the board was showing and changes to patterns on the fly. Throws DeviceError.
std::unique_ptr<hal::Dmd> open_dlpc900(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                                       Dlpc900Options options = {});

}  // namespace opal::drivers
