// Picture: a matrix of numbers as an image with marks, an SVG that needs nothing but a browser.
#pragma once

#include "cli/report/png.h"

#include <string>
#include <vector>

namespace opal::cli {

enum class Colours {
    grey,   // black to white
    light,  // black over blue and orange to white: amplitudes and powers
    phase,  // a circle of hues: -pi to pi
};

Rgb colour_of(Colours colours, double part);  // part in [0, 1]

// A frame around something, in pixels of the picture, with a word beside it.
struct Mark {
    double row = 0;  // centre
    double column = 0;
    double rows = 1;
    double columns = 1;
    std::string word;
};

struct Picture {
    int rows = 0;
    int columns = 0;
    std::vector<double> values;  // (rows, columns)
    Colours colours = Colours::light;
    double low = 0;        // shown as the first colour; what is below too
    double high = 1;       // shown as the last
    std::string low_text;  // under the colour bar
    std::string high_text;
    std::string label;  // for readers that cannot see it
    std::vector<Mark> marks;
};

std::string render(const Picture& picture);

}  // namespace opal::cli
