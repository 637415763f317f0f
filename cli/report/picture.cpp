// Picture: colour scales, pixels as an embedded PNG, and marks over them. See picture.h.
#include "cli/report/picture.h"

#include "cli/report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::cli {

namespace {

constexpr int width_px = 320;  // of the picture in the SVG's own units
constexpr int bar_height_px = 10;
constexpr int bar_gap_px = 8;
constexpr int text_height_px = 16;

std::uint8_t byte_of(double part) {
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(part, 0.0, 1.0)));
}

// Corner colours of the map `light`; lightness rises evenly, so it prints in grey too.
constexpr std::array<std::array<double, 3>, 6> light_stops{{{0.02, 0.02, 0.07},
                                                            {0.16, 0.14, 0.42},
                                                            {0.45, 0.22, 0.55},
                                                            {0.82, 0.37, 0.38},
                                                            {0.97, 0.68, 0.30},
                                                            {1.00, 0.98, 0.85}}};

std::string image(int rows, int columns, std::span<const Rgb> pixels, double x, double y,
                  double width, double height) {
    return fmt::format(
        "<image x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
        "href=\"data:image/png;base64,{}\"/>",
        x, y, width, height, base64(encode_png(rows, columns, pixels)));
}

std::string mark_svg(const Mark& mark, double scale, double height) {
    const double width_of_mark = mark.columns * scale;
    const double height_of_mark = mark.rows * scale;
    const double x = (mark.column + 0.5) * scale - width_of_mark / 2;
    const double y = (mark.row + 0.5) * scale - height_of_mark / 2;
    // The word goes below the frame unless that is outside.
    const bool below = y + height_of_mark + text_height_px < height;
    const double text_y = below ? y + height_of_mark + 14 : y - 6;
    return fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"4\" "
        "fill=\"none\" stroke=\"#7fe7ff\" stroke-width=\"1.8\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"mark\">{}</text>",
        x, y, width_of_mark, height_of_mark, x + width_of_mark / 2, text_y, escaped(mark.word));
}

}  // namespace

Rgb colour_of(Colours colours, double part) {
    part = std::isfinite(part) ? std::clamp(part, 0.0, 1.0) : 0.0;
    if (colours == Colours::grey) {
        const auto v = byte_of(part);
        return {v, v, v};
    }
    if (colours == Colours::phase) {
        const double angle = 2 * std::numbers::pi * part;
        const auto hue = [&](double offset) {
            return byte_of(0.55 + 0.42 * std::cos(angle - offset));
        };
        return {hue(0), hue(2 * std::numbers::pi / 3), hue(4 * std::numbers::pi / 3)};
    }
    const double at = part * (light_stops.size() - 1);
    const auto stop = std::min(static_cast<std::size_t>(at), light_stops.size() - 2);
    const double rest = at - static_cast<double>(stop);
    const auto mix = [&](std::size_t channel) {
        return byte_of((1 - rest) * light_stops[stop][channel] +
                       rest * light_stops[stop + 1][channel]);
    };
    return {mix(0), mix(1), mix(2)};
}

std::string render(const Picture& p) {
    assert(p.values.size() ==
           static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.columns));
    const double scale = static_cast<double>(width_px) / p.columns;
    const double height = scale * p.rows;
    const double bar_y = height + bar_gap_px;
    const double whole = bar_y + bar_height_px + text_height_px;

    std::vector<Rgb> pixels;
    pixels.reserve(p.values.size());
    const double range = p.high > p.low ? p.high - p.low : 1;
    for (const double v : p.values) pixels.push_back(colour_of(p.colours, (v - p.low) / range));
    std::vector<Rgb> bar;
    for (int i = 0; i < width_px; ++i) {
        bar.push_back(colour_of(p.colours, static_cast<double>(i) / (width_px - 1)));
    }
    std::string svg = fmt::format(
        "<svg class=\"picture\" viewBox=\"0 0 {} {:.1f}\" role=\"img\" aria-label=\"{}\">",
        width_px, whole, escaped(p.label));
    svg += image(p.rows, p.columns, pixels, 0, 0, width_px, height);
    for (const auto& mark : p.marks) svg += mark_svg(mark, scale, height);
    svg += image(1, width_px, bar, 0, bar_y, width_px, bar_height_px);
    svg += fmt::format(
        "<text x=\"0\" y=\"{0:.1f}\">{1}</text><text x=\"{2}\" y=\"{0:.1f}\" "
        "text-anchor=\"end\">{3}</text></svg>",
        whole - 3, escaped(p.low_text), width_px, escaped(p.high_text));
    return svg;
}

}  // namespace opal::cli
