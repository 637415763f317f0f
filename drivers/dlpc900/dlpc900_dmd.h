// Dlpc900Dmd: hal::Dmd on TI's DLPC900 boards (LightCrafter 6500 and 9000) over USB, patterns on
// the fly.
//
// Patterns are planes of pictures, 24 to a picture; pictures travel compressed, highest first.
// Firmware from 5 on can play its table in any order (0x1A32): the table then names every plane
// once, patterns stay where they are (dlpc900_planes.h), and what travels is what is new, and the
// order. Older firmware, entries that wait for a trigger and tables longer than such an order may
// be have a table of their own with slot s in plane s; another length or other places make the
// board forget its pictures.
// A bad upload gives no error on this controller: it shows its splash screen instead. A camera has
// to see that (docs/pairing.md), and whoever sees it says so by distrust().
#pragma once

#include "hal/dmd.h"
#include "hal/usb_device.h"

#include <functional>
#include <memory>

namespace opal::drivers {

struct Dlpc900Options {
    // TRIG_IN_1, rising edges; otherwise StartOn::trigger_in is unsupported.
    bool trigger_in_wired = false;
    // Called while pictures travel: bytes sent, and all that this upload will send.
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload;
};

// Stops whatever the board was showing and changes to patterns on the fly. Throws DeviceError.
std::unique_ptr<hal::Dmd> open_dlpc900(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                                       Dlpc900Options options = {});

}  // namespace opal::drivers
