// What the virtual GigE Vision camera says about itself.
#pragma once

#include "sim/scene.h"

#include <string>
#include <vector>

namespace opal::sim {

// `pixel_formats`: those that are offered; empty: all.
std::string gige_camera_description(const SensorScene& sensor,
                                    const std::vector<std::string>& pixel_formats = {});

}  // namespace opal::sim
