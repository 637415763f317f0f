// Scatter: places discs. See scatter.h.
#include "cli/reproduce/scatter.h"

#include "cli/report/page.h"
#include "cli/report/png.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace opal::cli::reproduce {

namespace {

constexpr int side_px = 480;
constexpr int margin_px = 16;
constexpr double radius_px = 2.6;

// Told apart by people who see colours differently [Okabe 2008], and one more for ten classes.
constexpr std::array<Rgb, 10> palette{{{0x00, 0x72, 0xb2},
                                       {0xd5, 0x5e, 0x00},
                                       {0x00, 0x9e, 0x73},
                                       {0xcc, 0x79, 0xa7},
                                       {0xe6, 0x9f, 0x00},
                                       {0x56, 0xb4, 0xe9},
                                       {0x4d, 0x4d, 0x4d},
                                       {0xf0, 0xe4, 0x42},
                                       {0x7f, 0x3c, 0x8d},
                                       {0x99, 0x99, 0x99}}};

Rgb colour(std::int32_t of_class) {
    return palette[static_cast<std::size_t>(of_class) % palette.size()];
}

// Pixels of a panel; y upwards, one scale for both axes.
Points placed(const Points& plane) {
    const Eigen::RowVector2d low = plane.colwise().minCoeff();
    const Eigen::RowVector2d high = plane.colwise().maxCoeff();
    const double extent = std::max((high - low).maxCoeff(), 1e-300);
    const double scale = (side_px - 2 * margin_px) / extent;
    const Eigen::RowVector2d centre = (low + high) / 2;
    Points at(plane.rows(), 2);
    for (Eigen::Index i = 0; i < plane.rows(); ++i) {
        at(i, 0) = side_px / 2.0 + scale * (plane(i, 0) - centre(0));
        at(i, 1) = side_px / 2.0 - scale * (plane(i, 1) - centre(1));
    }
    return at;
}

}  // namespace

std::string scatter_svg(const std::vector<Panel>& panels,
                        const std::vector<std::string>& class_names) {
    constexpr int head_px = 28, foot_px = 26, key_px = 30;
    const int width = static_cast<int>(panels.size()) * side_px;
    const int height = head_px + side_px + foot_px + key_px;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"14\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
        width, height);
    for (std::size_t p = 0; p < panels.size(); ++p) {
        const Panel& panel = panels[p];
        const int left = static_cast<int>(p) * side_px;
        svg += fmt::format(
            "<text x=\"{0}\" y=\"20\" text-anchor=\"middle\" font-weight=\"bold\">{1}</text>\n"
            "<text x=\"{0}\" y=\"{2}\" text-anchor=\"middle\" fill=\"#555555\" "
            "font-size=\"13\">{3}</text>\n<g transform=\"translate({4},{5})\">\n",
            left + side_px / 2, escaped(panel.title), head_px + side_px + 16,
            escaped(panel.caption), left, head_px);
        const Points at = placed(panel.plane);
        for (Eigen::Index i = 0; i < at.rows(); ++i) {
            const Rgb c = colour(panel.classes[static_cast<std::size_t>(i)]);
            svg += fmt::format(
                "<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{}\" fill=\"#{:02x}{:02x}{:02x}\" "
                "fill-opacity=\"0.8\"/>\n",
                at(i, 0), at(i, 1), radius_px, c.red, c.green, c.blue);
        }
        svg += "</g>\n";
    }
    const double step = static_cast<double>(width) / static_cast<double>(class_names.size());
    for (std::size_t k = 0; k < class_names.size(); ++k) {
        const Rgb c = colour(static_cast<std::int32_t>(k));
        const double x = (static_cast<double>(k) + 0.1) * step;
        const int y = height - 14;
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{}\" r=\"5\" fill=\"#{:02x}{:02x}{:02x}\"/>"
            "<text x=\"{:.1f}\" y=\"{}\" font-size=\"12\">{}</text>\n",
            x, y, c.red, c.green, c.blue, x + 9, y + 4, escaped(class_names[k]));
    }
    return svg + "</svg>\n";
}

std::string scatter_png(const std::vector<Panel>& panels) {
    constexpr int zoom = 2;  // pixels per pixel of the SVG
    const int rows = zoom * side_px;
    const int columns = zoom * side_px * static_cast<int>(panels.size());
    std::vector<Rgb> pixels(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns),
                            Rgb{255, 255, 255});
    for (std::size_t p = 0; p < panels.size(); ++p) {
        const Points at = placed(panels[p].plane);
        for (Eigen::Index i = 0; i < at.rows(); ++i) {
            const double x = zoom * (at(i, 0) + static_cast<double>(p) * side_px);
            const double y = zoom * at(i, 1);
            const double radius = zoom * radius_px;
            const Rgb c = colour(panels[p].classes[static_cast<std::size_t>(i)]);
            for (int row = static_cast<int>(y - radius - 1); row <= y + radius + 1; ++row) {
                for (int column = static_cast<int>(x - radius - 1); column <= x + radius + 1;
                     ++column) {
                    if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
                    // Coverage of the pixel by the disc's edge, to within a few percent.
                    const double out = std::hypot(column + 0.5 - x, row + 0.5 - y) - radius;
                    const double part = 0.8 * std::clamp(0.5 - out, 0.0, 1.0);
                    Rgb& into =
                        pixels[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                               static_cast<std::size_t>(column)];
                    const auto mix = [part](std::uint8_t under, std::uint8_t over) {
                        return static_cast<std::uint8_t>(
                            std::lround(under + part * (int{over} - int{under})));
                    };
                    into = {mix(into.red, c.red), mix(into.green, c.green), mix(into.blue, c.blue)};
                }
            }
        }
    }
    return encode_png(rows, columns, pixels);
}

}  // namespace opal::cli::reproduce
