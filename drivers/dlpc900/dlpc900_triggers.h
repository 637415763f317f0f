// Dlpc900Triggers: how a bench has wired a board -> the commands that set its trigger lines.
#pragma once

#include "drivers/dlpc900/dlpc900_dmd.h"
#include "drivers/dlpc900/dlpc900_link.h"

#include <chrono>
#include <string>

namespace opal::drivers {

inline constexpr std::chrono::microseconds dlpc900_shortest_pulse{20};

// Throws DeviceError{out_of_range}, named `device`, for what no board can do.
void check_triggers(const Dlpc900Options& options, const std::string& device);
// Of a board that is stopped. An output that changes its level looks like an edge: the camera is
// armed later.
void set_triggers(Dlpc900Link& link, const Dlpc900Options& options);

}  // namespace opal::drivers
