// Sections of the report about the calibration graph: the graph as a picture with the state of each
// node, what each rests on, and a figure for nodes that no other section draws.
#include "cli/calibration_status.h"
#include "cli/node_wishes.h"
#include "cli/report/figures.h"
#include "cli/report/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <complex>

namespace opal::cli {

namespace {

using calibration::Node;
using calibration::NodeState;

// Where a node's box is, in columns and rows.
struct Place {
    double column;
    double row;
};

Place place_of(Node node) {
    switch (node) {
        case Node::dark:
            return {0, 1};
        case Node::exposure:
            return {1, 1};
        case Node::carrier:
            return {2, 1};
        case Node::photon_transfer:
            return {3, 0};
        case Node::reference:
            return {3, 1};
        case Node::map:
            return {4, 1};
        case Node::identity:
            return {5, 1};
        case Node::drift:
            return {6, 0.5};
        case Node::matrix:
            return {6, 1.5};
        case Node::validation:
            return {7, 1};
    }
    return {0, 0};
}

constexpr double box_width = 112;
constexpr double box_height = 46;
constexpr double column_step = 128;
constexpr double row_step = 74;

double left_of(Node node) {
    return 4 + column_step * place_of(node).column;
}
double top_of(Node node) {
    return 30 + row_step * place_of(node).row;
}

std::string edge(Node from, Node to) {
    const double x0 = left_of(from) + box_width;
    const double y0 = top_of(from) + box_height / 2;
    const double x1 = left_of(to);
    const double y1 = top_of(to) + box_height / 2;
    // What passes other boxes of its row goes below them.
    const bool far = x1 - x0 > column_step && std::abs(y1 - y0) < 1;
    const double dip = far ? 0.12 * (x1 - x0) + 40 : 0;
    const double bend = 0.5 * (x1 - x0);
    return fmt::format(
        "<path d=\"M{0:.0f} {1:.0f} C{2:.0f} {3:.0f} {4:.0f} {5:.0f} {6:.0f} {7:.0f}\" "
        "fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".45\"/><path d=\"M{8:.0f} "
        "{9:.0f} L{6:.0f} {7:.0f} L{8:.0f} {10:.0f} z\" fill=\"currentColor\" "
        "fill-opacity=\".6\"/>\n",
        x0, y0, x0 + (far ? 30 : bend), y0 + dip, x1 - (far ? 30 : bend), y1 + dip, x1, y1, x1 - 6,
        y1 - 3, y1 + 3);
}

const char* colour_of(NodeState state) {
    switch (state) {
        case NodeState::fresh:
            return "#2e8b57";
        case NodeState::stale:
            return "#c98a00";
        case NodeState::failed:
            return "#c0392b";
        case NodeState::missing:
            break;
    }
    return "#808080";
}

std::string box(const calibration::NodeInfo& info, const calibration::Freshness& f) {
    const double x = left_of(info.node);
    const double y = top_of(info.node);
    const std::string age = f.age_s < 0 ? "" : ", " + calibration::text_of_age(f.age_s) + " old";
    return fmt::format(
        "<g><title>{0}: {1}</title><rect x=\"{2:.0f}\" y=\"{3:.0f}\" width=\"{4:.0f}\" "
        "height=\"{5:.0f}\" rx=\"7\" fill=\"{6}\"/><text x=\"{7:.0f}\" y=\"{8:.0f}\" "
        "fill=\"#fff\" font-size=\"12\" font-weight=\"700\" text-anchor=\"middle\">{9}</text>"
        "<text x=\"{7:.0f}\" y=\"{10:.0f}\" fill=\"#fff\" font-size=\"11\" "
        "text-anchor=\"middle\">{11}{12}</text></g>\n",
        escaped(info.title), escaped(f.reason), x, y, box_width, box_height, colour_of(f.state),
        x + box_width / 2, y + 19,
        info.node == Node::matrix ? "transmission m." : escaped(info.title), y + 36,
        word_of(f.state), age);
}

std::string drawing_of(const calibration::PerNode<calibration::Freshness>& states) {
    std::string svg = fmt::format(
        "<svg class=\"graph\" role=\"img\" viewBox=\"0 0 {:.0f} {:.0f}\" "
        "style=\"width:100%;height:auto;color:var(--ink)\" "
        "aria-label=\"the calibration graph with the state of each node\">\n",
        8 + 7 * column_step + box_width, 30 + 1.5 * row_step + box_height + 44);
    for (const auto& info : calibration::all_nodes())
        for (const Node input : info.inputs) svg += edge(input, info.node);
    for (const auto& info : calibration::all_nodes()) svg += box(info, states[info.node]);
    return svg + "</svg>";
}

std::string exposure_bar(const calibration::Exposure& e) {
    const double part = e.saturation_dn > 0 ? e.brightest_dn / e.saturation_dn : 0;
    const double mean = e.saturation_dn > 0 ? e.mean_dn / e.saturation_dn : 0;
    return fmt::format(
        "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 400 90\" aria-label=\"range of the camera "
        "in use\"><rect x=\"10\" y=\"30\" width=\"380\" height=\"24\" fill=\"none\" "
        "stroke=\"currentColor\"/><rect x=\"10\" y=\"30\" width=\"{:.1f}\" height=\"24\" "
        "fill=\"currentColor\" fill-opacity=\".35\"/><rect x=\"10\" y=\"30\" width=\"{:.1f}\" "
        "height=\"24\" fill=\"currentColor\" fill-opacity=\".4\"/><text x=\"10\" y=\"22\" "
        "fill=\"currentColor\" font-size=\"12\">mean {:.0f} DN, brightest fringes {:.0f} DN, "
        "clips at {:.0f} DN</text><text x=\"10\" y=\"74\" fill=\"currentColor\" "
        "font-size=\"12\">exposure {:.1f} us, {:.2e} of the pixels saturate</text></svg>",
        380 * std::clamp(part, 0.0, 1.0), 380 * std::clamp(mean, 0.0, 1.0), e.mean_dn,
        e.brightest_dn, e.saturation_dn,
        std::chrono::duration<double, std::micro>(e.timing.exposure).count(), e.saturated_fraction);
}

std::string hot_pixel_plot(const calibration::Record& r, Gnuplot& gnuplot) {
    Series points{.label = "", .x = {}, .y = {}, .style = Style::points};
    for (const std::uint32_t at : r.dark->hot_pixels) {
        points.x.push_back(at % static_cast<std::uint32_t>(r.survey.columns));
        points.y.push_back(at / static_cast<std::uint32_t>(r.survey.columns));
    }
    return gnuplot.render({.label = "hot pixels of the survey region",
                           .x_axis = "column (px)",
                           .y_axis = "row (px)",
                           .series = {points},
                           .x_low = 0,
                           .x_high = r.survey.columns,
                           .y_low = 0,
                           .y_high = r.survey.rows});
}

std::string reference_picture(const calibration::Record& r) {
    const auto& h = r.holography;
    Picture p;
    p.rows = h.region.rows;
    p.columns = h.region.columns;
    p.values.assign(h.reference_dn.begin(), h.reference_dn.end());
    p.low = 0;
    p.high = *std::max_element(p.values.begin(), p.values.end());
    p.low_text = "0";
    p.high_text = fmt::format("{:.0f} DN", p.high);
    p.label = "the reference beam on the working region";
    return render(p);
}

std::string strip_plot(const calibration::Record& r, Gnuplot& gnuplot) {
    const std::size_t modes = r.holography.modes();
    Series bars{.label = "", .x = {}, .y = {}, .style = Style::bars};
    for (std::size_t b = 0; (b + 1) * modes <= r.identity.columns.size(); ++b) {
        double power = 0;
        for (std::size_t m = 0; m < modes; ++m)
            power += static_cast<double>(std::norm(r.identity.columns[b * modes + m]));
        bars.x.push_back(static_cast<double>(b));
        bars.y.push_back(power / static_cast<double>(modes));
    }
    return gnuplot.render({.label = "light of each block of the guard strip",
                           .x_axis = "block of the guard strip",
                           .y_axis = "mean |field|^2 (DN)",
                           .series = {bars},
                           .y_low = 0});
}

}  // namespace

void add_graph(Page& page, const calibration::Record& record,
               const calibration::PerNode<calibration::Freshness>& states) {
    page.section("The calibration graph", "graph");
    page.figure({drawing_of(states)},
                "Each box is a step, each arrow a result that goes into the next. Green: fresh. "
                "Amber: stale, too old or made from something that has changed. Red: its verdict "
                "was no. Grey: not measured. <code>opal calibrate</code> measures what is not "
                "green again, and nothing else.",
                "anything but green; the verdicts below say what to turn.");
    std::vector<std::vector<std::string>> rows{
        {"step", "verdict", "what was found", "rests on", "state", "result, made from"}};
    for (const auto& info : calibration::all_nodes()) {
        const auto* const v = calibration::verdict_of(record, info.node);
        const auto& f = states[info.node];
        if (v == nullptr) {
            rows.push_back({escaped(info.title), "", "", "", escaped(f.reason), ""});
            continue;
        }
        std::string checks;
        for (const auto& c : v->checks)
            checks += fmt::format("<span class=\"{}\">{}</span>: {}<br>", c.holds() ? "ok" : "no",
                                  escaped(c.name), escaped(check_text(c)));
        std::string hashes = fmt::format("<code>{}</code>", escaped(v->result));
        for (const auto& input : v->made_from)
            hashes +=
                fmt::format("<br>{} <code>{}</code>", escaped(input.node), escaped(input.hash));
        rows.push_back({escaped(info.title),
                        v->passed ? "<span class=\"ok\">ok</span>" : "<span class=\"no\">no</span>",
                        escaped(v->text), checks,
                        fmt::format("<b>{}</b>: {}<br>{}", word_of(f.state), escaped(f.reason),
                                    escaped(date_of(v->measured_utc_s))),
                        hashes});
    }
    page.table(rows, 6);
}

void add_first_nodes(Page& page, const calibration::Record& record, Gnuplot& gnuplot) {
    page.section("Dark frames, exposure, reference, guard strip", "first-nodes");
    std::vector<std::string> camera;
    if (record.dark && !record.dark->hot_pixels.empty())
        camera.push_back(hot_pixel_plot(record, gnuplot));
    if (record.exposure) camera.push_back(exposure_bar(*record.exposure));
    if (!camera.empty())
        page.figure(camera,
                    "Hot pixels of the dark frames, and how much of the camera's range the chosen "
                    "exposure uses.",
                    "hot pixels in clusters or lines (a damaged sensor, light that leaks in), a "
                    "bar that is nearly empty (too little light) or full (saturation).");
    std::vector<std::string> light;
    if (record.reference && !record.holography.reference_dn.empty())
        light.push_back(reference_picture(record));
    if (!record.identity.columns.empty()) light.push_back(strip_plot(record, gnuplot));
    if (!light.empty())
        page.figure(light,
                    "Left: the reference beam alone, freed of fringes. Right: the light that each "
                    "block of the guard strip sends; it carries the phase of every frame and the "
                    "proof of what the frame shows.",
                    "rings or stripes in the reference (dust, a second reflection), blocks of the "
                    "strip without light (the beam does not reach the DMD's last rows).");
}

}  // namespace opal::cli
