// EventText: a recorded or asked call in words, for the message of a replay that departs.
#pragma once

#include "hal/camera.h"
#include "replay/rows.h"

#include <string>

namespace opal::replay {

std::string text_of(const EventRow& event, const SettingsRow& wanted);
std::string text_of(const SettingsRow& settings);

SettingsRow row_of(const hal::CameraSettings& settings);

}  // namespace opal::replay
