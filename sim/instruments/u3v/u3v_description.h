// What the virtual USB3 Vision camera says about itself.
#pragma once

#include "sim/scene.h"

#include <string>

namespace opal::sim {

std::string u3v_camera_description(const SensorScene& sensor);

}  // namespace opal::sim
