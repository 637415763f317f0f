// PixelSize: ROWSxCOLUMNS on the command line.
#pragma once

#include <string>
#include <utility>

namespace opal::cli {

// (rows, columns), each at least 1. Throws BadInput, naming the option.
std::pair<int, int> read_pixels(const std::string& option, const std::string& text);

}  // namespace opal::cli
