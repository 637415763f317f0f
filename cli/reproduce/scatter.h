// Scatter: points in a plane, coloured by class; panels side by side. As SVG and as PNG, both drawn
// here: they need no other program.
#pragma once

#include "cli/reproduce/tsne.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opal::cli::reproduce {

struct Panel {
    std::string title;
    std::string caption;  // below it
    Points plane;         // (n, 2)
    std::vector<std::int32_t> classes;
};

std::string scatter_svg(const std::vector<Panel>& panels,
                        const std::vector<std::string>& class_names);
// Without words: PNG has no fonts.
std::string scatter_png(const std::vector<Panel>& panels);

}  // namespace opal::cli::reproduce
