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

#include "sim/simulated_bench.h"

#include <memory>

namespace opal::cli {

// `scene` with the board's mirrors (with_dlpc900). Throws std::invalid_argument like
// sim::make_simulated_bench().
std::unique_ptr<sim::SimulatedBench> make_usb_bench(const sim::Scene& scene,
                                                    const sim::BenchOptions& options = {});

}  // namespace opal::cli
