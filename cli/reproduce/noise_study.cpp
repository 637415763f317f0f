// Where training starts to suffer: accuracy against light, bits, drift and pixels per mode.
//
// One thing of the bench `lab` is changed at a time; the bench is calibrated anew each time. A
// bench that the calibration refuses is shown with its reason: that, too, is an answer.
#include "cli/report/page.h"
#include "cli/report/plot.h"
#include "cli/reproduce/cell_table.h"
#include "cli/reproduce/study.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli::reproduce {

namespace {

struct Axis {
    std::string name;
    std::string unit;
    std::vector<double> values;
    bool logarithmic;
    std::vector<std::string> (*overrides)(double value);
};

const std::vector<Axis>& axes() {
    static const std::vector<Axis> all{
        {"power",
         "light at the camera, % of lab's",
         {100, 10, 1, 0.1, 0.01},
         true,
         [](double percent) -> std::vector<std::string> {
             return {fmt::format("sensor.reference_photons_per_px_us={}", 40 * percent / 100)};
         }},
        {"well",
         "electrons of a full pixel",
         {10500, 1000, 300, 100},
         true,
         [](double electrons) -> std::vector<std::string> {
             // The same range of counts for fewer electrons: more shot and read noise. Darkness
             // stays five deviations of the read noise above 0.
             const double gain = 40 * electrons / 10500;
             return {fmt::format("sensor.full_well_e={}", electrons),
                     fmt::format("sensor.gain_e_per_dn8={}", gain),
                     fmt::format("sensor.black_level_dn8={}", std::max(4.0, 5 * 2.5 / gain))};
         }},
        {"bits",
         "bits of the camera",
         {12, 10, 8},
         false,
         [](double) -> std::vector<std::string> { return {}; }},
        {"drift",
         "correlation time of the phase drift, s",
         {20, 1, 0.1, 0.01},
         true,
         [](double seconds) -> std::vector<std::string> {
             return {fmt::format("stability.drift_time_s={}", seconds)};
         }},
        {"pitch",
         "pixels per mode and axis",
         {8, 4, 3, 2},
         false,
         [](double pixels) -> std::vector<std::string> {
             return {fmt::format("speckle.pixels_per_mode_rows={}", pixels),
                     fmt::format("speckle.pixels_per_mode_columns={}", pixels)};
         }}};
    return all;
}

std::vector<Cell> cells(const StudyOptions& options) {
    std::vector<Cell> cells;
    const std::string task = options.tasks.empty() ? "cora" : options.tasks.front();
    for (const Axis& axis : axes()) {
        for (const double value : axis.values) {
            Cell cell = table1_cell(task == "cora" ? "cora" : "mnist-plain", "optical");
            cell.name = fmt::format("noise-{}-{}-{}", task, axis.name, value);
            cell.row = axis.name;
            cell.x = value;
            cell.overrides = axis.overrides(value);
            if (axis.name == "bits") cell.camera_bits = static_cast<int>(value);
            if (axis.name == "pitch") cell.pitch_px = static_cast<int>(value);
            cell.may_be_refused = true;
            cell.seeds = task == "cora" ? 5 : 1;
            if (task == "mnist") cell.recipe.push_back("epochs=3");
            if (options.quick) cell.seeds = task == "cora" ? 2 : 1;
            if (options.seeds > 0) cell.seeds = options.seeds;
            cells.push_back(std::move(cell));
        }
    }
    return cells;
}

std::vector<Document> render(const StudyOptions&, const std::vector<CellResults>& results) {
    Gnuplot gnuplot;
    Page page("OPAL: noise");
    page.lead("One thing of the bench is made worse at a time: where does training suffer?");
    std::string text;
    for (const Axis& axis : axes()) {
        TextTable table{{axis.unit, "correlation", "validation %", "test %", "calibration"}};
        Plot plot{.label = "accuracy against " + axis.unit,
                  .x_axis = axis.unit,
                  .y_axis = "test accuracy (%)",
                  .x_log = axis.logarithmic};
        Series series{.label = "", .x = {}, .y = {}, .style = Style::line_and_points};
        for (const auto& r : results) {
            if (r.cell.row != axis.name) continue;
            table.push_back({fmt::format("{}", r.cell.x),
                             r.correlation > 0 ? fmt::format("{:.4f}", r.correlation) : "-",
                             cell_text(r, validation_percent(r)), cell_text(r, test_percent(r)),
                             r.objection.empty() ? "passed" : r.objection});
            if (const auto spread = test_percent(r)) {
                series.x.push_back(r.cell.x);
                series.y.push_back(spread->mean);
                series.deviation.push_back(spread->deviation);
            }
        }
        if (table.size() == 1) continue;
        plot.series.push_back(std::move(series));
        text += (text.empty() ? "" : "\n") + markdown(table);
        page.section(axis.unit, axis.name);
        page.figure({gnuplot.render(plot)}, "Mean and deviation between seeds.",
                    "a fall where the correlation is still near 1.");
        for (auto& row : table) {
            for (auto& cell : row) cell = escaped(cell);
        }
        page.table(table, 0);
    }
    return {{"noise.md", text},
            {"noise.html", page.html()},
            {"noise.json", study_json("noise", results)}};
}

}  // namespace

Study noise_study() {
    return {"noise", "accuracy against light, bits, drift and pixels per mode", cells, render};
}

}  // namespace opal::cli::reproduce
