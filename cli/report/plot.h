// Plot: curves and bars, drawn by gnuplot as SVG for the report.
//
// gnuplot is an external program and may be missing; then a plot renders as its numbers, and
// nothing of the report is lost but the drawing.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace opal::cli {

enum class Style { line, dashed, points, line_and_points, steps, bars };

struct Series {
    std::string label;  // empty: not in the key
    std::vector<double> x;
    std::vector<double> y;
    Style style = Style::line;
    int colour = 0;  // of the palette; the same number means the same thing in all plots
    std::vector<double> deviation = {};  // error bars, or empty
};

struct Plot {
    std::string label;  // for readers that cannot see it
    std::string x_axis;
    std::string y_axis;
    std::vector<Series> series = {};
    bool x_log = false;
    bool y_log = false;
    std::optional<double> x_low = {}, x_high = {}, y_low = {}, y_high = {};
    bool whole_x = false;  // x counts something: a tick at every whole number
};

inline constexpr int palette_size = 6;

class Gnuplot {
public:
    Gnuplot();  // looks for the program
    bool available() const { return available_; }
    // SVG to be placed inline, or a table if gnuplot is missing or fails.
    std::string render(const Plot& plot);

private:
    bool available_;
    int drawn_ = 0;
};

// The standard normal density, for comparison.
Series gaussian(double low, double high);

std::string gnuplot_script(const Plot& plot);

}  // namespace opal::cli
