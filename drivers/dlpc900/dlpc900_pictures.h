// Dlpc900Pictures: loaded patterns -> the files a DLPC900 stores, one per image and controller.
#pragma once

#include "drivers/dlpc900/dlpc900_planes.h"
#include "protocol/dlpc900_messages.h"

#include <cstddef>
#include <span>
#include <vector>

namespace opal::drivers {

// The columns [first_column, first_column + columns) of up to 24 patterns, pattern k in plane k;
// null ones are off.
std::vector<std::byte> picture_file(std::span<const KnownPattern> planes, int rows,
                                    int first_column, int columns);

}  // namespace opal::drivers
