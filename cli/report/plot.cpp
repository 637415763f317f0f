// Plot: writes gnuplot's script, runs it, or falls back to numbers. See plot.h.
#include "cli/report/plot.h"

#include "cli/report/page.h"
#include "cli/report/program.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace opal::cli {

namespace {

constexpr std::chrono::seconds patience{20};

// Readable on white and on black.
constexpr std::array<const char*, palette_size> palette{"#2f83d6", "#e0662f", "#2ea56f",
                                                        "#a06be0", "#8a8f98", "#d64f8b"};
// A colour no data uses; replaced by the page's text colour.
constexpr const char* text_colour = "#010203";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// In single quotes gnuplot knows no escapes; its enhanced text is switched off.
std::string quoted(std::string text) {
    replace_all(text, "'", "''");
    return "'" + text + "'";
}

std::string range(const std::optional<double>& low, const std::optional<double>& high) {
    const auto end = [](const std::optional<double>& v) {
        return v ? fmt::format("{:.9g}", *v) : std::string("*");
    };
    return fmt::format("[{}:{}]", end(low), end(high));
}

std::string drawing(const Series& s, int number) {
    const char* const colour = palette[static_cast<std::size_t>(s.colour % palette_size)];
    const std::string title =
        s.label.empty() ? "notitle" : fmt::format("title {}", quoted(s.label));
    const std::string data = fmt::format("$d{} using 1:2", number);
    switch (s.style) {
        case Style::line:
            return fmt::format("{} with lines lw 2 lc rgb '{}' {}", data, colour, title);
        case Style::dashed:
            return fmt::format("{} with lines lw 2 dt (10,6) lc rgb '{}' {}", data, colour, title);
        case Style::points:
            return fmt::format("{} with points pt 7 ps 0.5 lc rgb '{}' {}", data, colour, title);
        case Style::line_and_points:
            return fmt::format("{} with linespoints lw 2 pt 7 ps 0.5 lc rgb '{}' {}", data, colour,
                               title);
        case Style::steps:
            return fmt::format("{} with histeps lw 2 lc rgb '{}' {}", data, colour, title);
        case Style::bars:
            break;
    }
    return fmt::format("{} with boxes fs solid 0.35 noborder lc rgb '{}' {}", data, colour, title);
}

std::string table_of(const Plot& plot) {
    std::string text = fmt::format(
        "<details class=\"numbers\"><summary>{} ({} against {}): the numbers, since gnuplot could "
        "not draw them</summary><pre>",
        escaped(plot.label), escaped(plot.y_axis), escaped(plot.x_axis));
    for (const auto& s : plot.series) {
        text += fmt::format("# {}\n", escaped(s.label.empty() ? plot.label : s.label));
        for (std::size_t i = 0; i < s.x.size(); ++i) {
            text += fmt::format("{:.6g}\t{:.6g}\n", s.x[i], s.y[i]);
        }
    }
    return text + "</pre></details>";
}

}  // namespace

Series gaussian(double low, double high) {
    Series law{.label = "Gaussian", .x = {}, .y = {}, .style = Style::line, .colour = 1};
    constexpr int steps = 200;
    for (int k = 0; k <= steps; ++k) {
        const double x = low + (high - low) * k / steps;
        law.x.push_back(x);
        law.y.push_back(std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi));
    }
    return law;
}

std::string gnuplot_script(const Plot& plot) {
    std::string script = fmt::format(
        "set encoding utf8\nset terminal svg size 560,330 font 'sans-serif,13' dynamic noenhanced\n"
        "set border 3 lc rgb '{0}'\n"
        "set tics nomirror out scale 0.6 textcolor rgb '{0}'\n"
        "set grid lt 1 lw 0.4 lc rgb '#909090'\n"
        "set xlabel {1} textcolor rgb '{0}'\nset ylabel {2} textcolor rgb '{0}'\n"
        "set key tmargin left horizontal Left reverse textcolor rgb '{0}' samplen 1.5 font ',12'\n"
        "set xrange {3}\nset yrange {4}\nset boxwidth 0.95 relative\n",
        text_colour, quoted(plot.x_axis), quoted(plot.y_axis), range(plot.x_low, plot.x_high),
        range(plot.y_low, plot.y_high));
    if (plot.whole_x) script += "set xtics 1\n";
    if (plot.x_log) script += "set logscale x\nset format x '%.0e'\n";
    if (plot.y_log) script += "set logscale y\nset format y '%.0e'\n";
    std::string drawings;
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        const Series& s = plot.series[i];
        assert(s.x.size() == s.y.size());
        const int number = static_cast<int>(i);
        script += fmt::format("$d{} << END\n", number);
        for (std::size_t k = 0; k < s.x.size(); ++k) {
            if (!std::isfinite(s.x[k]) || !std::isfinite(s.y[k])) continue;
            const double bar = k < s.deviation.size() ? s.deviation[k] : 0;
            script += fmt::format("{:.9g} {:.9g} {:.9g}\n", s.x[k], s.y[k], bar);
        }
        script += "END\n";
        drawings += (drawings.empty() ? "plot " : ", ") + drawing(s, number);
        if (!s.deviation.empty()) {
            drawings +=
                fmt::format(", $d{} using 1:2:3 with yerrorbars pt 0 lw 1 lc rgb '{}' notitle",
                            number, palette[static_cast<std::size_t>(s.colour % palette_size)]);
        }
    }
    return script + drawings + "\n";
}

Gnuplot::Gnuplot() : available_(run_program({"gnuplot", "--version"}, "", patience).has_value()) {}

std::string Gnuplot::render(const Plot& plot) {
    const auto drawn =
        available_ ? run_program({"gnuplot", "-d"}, gnuplot_script(plot), patience) : std::nullopt;
    const std::size_t begin = drawn ? drawn->find("<svg") : std::string::npos;
    if (begin == std::string::npos) return table_of(plot);
    std::string svg = drawn->substr(begin);
    // Several drawings share one page: their ids must not meet.
    const std::string prefix = fmt::format("plot{}_", drawn_++);
    replace_all(svg, "gnuplot_plot_", prefix + "series_");
    replace_all(svg, "gnuplot_canvas", prefix + "canvas");
    for (const char* id : {"gpPt", "gpDot", "textbox", "greybox"})
        replace_all(svg, id, prefix + id);
    // gnuplot sets black as the current colour; here that is the page's to choose.
    for (const char* colour : {"black", "white", "gray"}) {
        replace_all(svg, fmt::format(" color=\"{}\"", colour), "");
    }
    replace_all(svg, "rgb(  1,   2,   3)", "currentColor");
    replace_all(svg, "rgb(1,2,3)", "currentColor");
    replace_all(svg, "<title>Gnuplot</title>",
                fmt::format("<title>{}</title>", escaped(plot.label)));
    const std::size_t description = svg.find("<desc>");
    if (description != std::string::npos) {
        const std::size_t end = svg.find("</desc>", description);
        svg.erase(description, end + 7 - description);
    }
    svg.insert(4, " class=\"plot\" role=\"img\"");
    return svg;
}

}  // namespace opal::cli
