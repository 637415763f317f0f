// UsbBench: the simulated bench of a scene, reached as if by cable: the unmodified drivers of a
// DLPC900 board, a USB3 Vision camera and a Cobolt laser, USB and a serial line in memory, and the
// virtual instruments on the optical table that all share.
//
//   hal::Dmd    -- driver --USB reports--> virtual board  --+
//   hal::Camera -- driver --USB3 Vision--> virtual camera --+-- optical table
//   hal::Laser  -- driver --serial line--> virtual laser  --+
//
// On virtual time: waits and uploads cost nothing but the program's own work, and the same commands
// give the same bytes every time. What `opal serve` puts on a real kernel's USB is this bench on
// the host's time (cli/serve).
#pragma once

#include "protocol/dlpc900_messages.h"
#include "sim/simulated_bench.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace opal::cli {

struct UsbDevices {
    // Of the board; a transfer of 64 bytes takes that long, each way. 0: 125 us.
    double upload_bytes_per_s = 0;
    double camera_bytes_per_s = 0;  // of the camera's link; 0: no frame waits for it
    protocol::Dlpc900Version firmware{6, 0, 0};
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload{};
};

// "6.0"; nothing: the text is no version.
std::optional<protocol::Dlpc900Version> firmware_version(const std::string& text);

// `scene` with the board's mirrors (with_dlpc900). Throws std::invalid_argument like
// sim::make_simulated_bench().
std::unique_ptr<sim::SimulatedBench> make_usb_bench(const sim::Scene& scene,
                                                    const sim::BenchOptions& options = {},
                                                    const UsbDevices& devices = {});

}  // namespace opal::cli
