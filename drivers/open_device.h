// Opening a device by its URI: the links this machine has to it, and the driver that speaks its
// protocol. What a protocol does not tell and a label does is given as facts.
//
// Rule: deadlines are on `clock`, which has to be the host's steady clock and outlive the device.
// Everything throws DeviceError.
#pragma once

#include "drivers/device_uri.h"
#include "drivers/dlpc900/dlpc900_dmd.h"
#include "hal/camera.h"
#include "hal/dmd.h"
#include "hal/laser.h"
#include "protocol/cobolt.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace opal::drivers {

// The cable between the DMD's trigger output and the camera's trigger input.
struct TriggerWiring {
    std::string camera_line;             // "Line0"; empty: the first line the camera offers
    bool negative = false;               // pulses go down, and the camera listens to falling edges
    std::optional<hal::Duration> pulse;  // as long as this, if not as usual
    // Of a DLPC900 (drivers/dlpc900/dlpc900_dmd.h).
    int output = 2;
    hal::Duration delay{0};                    // of its pulses
    std::optional<bool> input_falling;         // TRIG_IN_1 is wired, and these edges count
    std::optional<hal::Duration> input_delay;  // from there to the mirrors, if not as usual
    bool gate_inverted = false;                // TRIG_IN_2
};

struct DmdFacts {
    bool standby_at_end = false;  // dlpc900
};

// Features of the camera to be set when it is opened: "Gain" to "6".
using CameraValues = std::vector<std::pair<std::string, std::string>>;

struct LaserFacts {
    double limit_mw = 0;                   // of the bench; above 0
    std::optional<hal::Duration> warm_up;  // the protocol's own if not known better
    std::optional<double> wavelength_nm;   // cobolt, dlcpro: from the label
    protocol::CoboltFamily cobolt_family = protocol::CoboltFamily::mld_06;
    double label_power_mw = 0;   // cobolt
    double threshold_ma = 0;     // dlcpro: of the diode's data sheet
    double slope_mw_per_ma = 0;  // dlcpro
};

// Called while patterns travel to a DMD that takes long over them: bytes sent, and all there are.
using UploadReport = std::function<void(std::uint64_t sent, std::uint64_t total)>;

// What a device takes long for while it is opened.
using OpeningNote = std::function<void(const std::string&)>;

std::unique_ptr<hal::UsbDevice> open_dlpc900_usb(const DeviceUri& uri);
Dlpc900Options dlpc900_options(const TriggerWiring& wiring);

// The URI's role must be the function's (asserts).
std::unique_ptr<hal::Dmd> open_dmd(const DeviceUri& uri, hal::Clock& clock,
                                   const TriggerWiring& wiring, const DmdFacts& facts = {},
                                   UploadReport on_upload = {}, OpeningNote on_note = {});
std::unique_ptr<hal::Camera> open_camera(const DeviceUri& uri, hal::Clock& clock,
                                         const TriggerWiring& wiring,
                                         const CameraValues& values = {});
// The laser is off.
std::unique_ptr<hal::Laser> open_laser(const DeviceUri& uri, hal::Clock& clock,
                                       const LaserFacts& facts);

}  // namespace opal::drivers
