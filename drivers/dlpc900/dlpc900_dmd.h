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

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace opal::drivers {

// The output that the camera hears.
struct Dlpc900Output {
    int number = 2;         // TRIG_OUT_1 is high as long as a pattern is shown, TRIG_OUT_2 pulses
    bool inverted = false;  // pulses go down
    // From the mirrors' command to the edge a pulse begins with, -20 to 20000 us. Whatever it is,
    // patterns are shown as long after their edges as they were asked to be.
    std::chrono::microseconds delay{0};
    std::optional<std::chrono::microseconds> pulse;  // of TRIG_OUT_2, 20 to 20000 us; 20 if not
};

// TRIG_IN_1, which entries can wait for.
struct Dlpc900Input {
    bool falling = false;
    std::chrono::microseconds delay{105};  // from the edge to the mirrors, 104 to 65535 us
};

struct Dlpc900Options {
    Dlpc900Output output;
    std::optional<Dlpc900Input> input;  // none: StartOn::trigger_in is unsupported
    // TRIG_IN_2 runs the board while it is low, and not while it is high.
    bool gate_inverted = false;
    // To standby when the object dies, stopped: before the board's power goes. It takes two minutes
    // to come back from there, which the next opening waits for.
    bool standby_at_end = false;
    // Called with what opening is waiting for, if that takes long.
    std::function<void(const std::string&)> on_note{};
    // Called while pictures travel: bytes sent, and all that this upload will send.
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload{};
};

// Wakes the board up if it is in standby, stops whatever it was showing and changes to patterns on
// the fly. Throws DeviceError.
std::unique_ptr<hal::Dmd> open_dlpc900(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock,
                                       Dlpc900Options options = {});

// Stops a board, sends it to standby and asks whether it is there. Throws DeviceError.
void put_dlpc900_in_standby(std::unique_ptr<hal::UsbDevice> device, hal::Clock& clock);

}  // namespace opal::drivers
