// What the virtual GigE Vision camera says about itself.
#pragma once

#include "sim/scene.h"

#include <string>

namespace opal::sim {

std::string gige_camera_description(const SensorScene& sensor);

}  // namespace opal::sim
