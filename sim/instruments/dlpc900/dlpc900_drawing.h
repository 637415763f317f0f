// Pictures of a DLPC900 -> patterns of the mirrors behind it.
#pragma once

#include "hal/bit_pattern.h"
#include "protocol/dlpc900_image.h"

#include <span>

namespace opal::sim {

// Plane k of the picture, from `first_column` on, added to pattern k.
void draw(const protocol::Dlpc900Picture& picture, int first_column,
          std::span<hal::BitPattern> planes);

}  // namespace opal::sim
