// Accuracy against exposures: the ways an error becomes mirror patterns, in one plot.
//
// A vector takes two exposures, one per sign; k-bit magnitudes take two per bit. What is really
// shown is less: equal patterns of a batch are shown once.
#include "cli/report/page.h"
#include "cli/report/plot.h"
#include "cli/reproduce/cell_table.h"
#include "cli/reproduce/study.h"

#include <fmt/format.h>

namespace opal::cli::reproduce {

namespace {

using projection::Quantisation;
using projection::QuantiserOptions;

struct Way {
    std::string name;    // of one cell
    std::string series;  // of the plot
    QuantiserOptions options;
    int exposures() const {
        return options.kind == Quantisation::bit_planes ? 2 * options.bits : 2;
    }
};

std::vector<Way> ways() {
    std::vector<Way> all;
    const auto add = [&](const std::string& name, const std::string& series, Quantisation kind,
                         double threshold, int bits, bool norm) {
        QuantiserOptions options;
        options.kind = kind;
        options.threshold = threshold;
        options.bits = bits;
        options.restore_norm = norm;
        all.push_back({name, series, options});
    };
    for (const double t : {0.02, 0.1, 0.2}) {
        add(fmt::format("fixed-{}", t), "fixed threshold", Quantisation::fixed_threshold, t, 4,
            false);
    }
    for (const double t : {0.1, 0.3, 0.5}) {
        add(fmt::format("adaptive-{}", t), "adaptive threshold", Quantisation::adaptive_threshold,
            t, 4, true);
    }
    add("stochastic", "stochastic", Quantisation::stochastic, 0.3, 4, true);
    for (const int bits : {1, 2, 3, 4, 6, 8}) {
        add(fmt::format("bits-{}", bits), "bit-planes", Quantisation::bit_planes, 0.3, bits, true);
    }
    return all;
}

std::vector<Cell> cells(const StudyOptions& options) {
    std::vector<Cell> cells;
    for (const std::string task : {"cora", "mnist"}) {
        if (!options.wants_task(task)) continue;
        for (const Way& way : ways()) {
            Cell cell = table1_cell(task == "cora" ? "cora" : "mnist-plain", "optical");
            cell.name = fmt::format("quantisers-{}-{}", task, way.name);
            cell.row = task;
            cell.column = way.series;
            cell.x = way.exposures();
            cell.quantiser = way.options;
            cell.seeds = task == "cora" ? 5 : 1;
            if (task == "mnist") cell.recipe.push_back(options.quick ? "epochs=1" : "epochs=3");
            if (options.quick) cell.seeds = task == "cora" ? 2 : 1;
            if (options.seeds > 0) cell.seeds = options.seeds;
            cells.push_back(std::move(cell));
        }
    }
    return cells;
}

std::string plot_of(const std::vector<CellResults>& results, const std::string& task,
                    Gnuplot& gnuplot) {
    Plot plot{.label = "accuracy against exposures, " + task,
              .x_axis = "exposures per vector, at most",
              .y_axis = "test accuracy (%)"};
    plot.x_low = 0;
    for (const auto& r : results) {
        if (r.cell.row != task) continue;
        const auto spread = test_percent(r);
        if (!spread) continue;
        if (plot.series.empty() || plot.series.back().label != r.cell.column) {
            const int colour = static_cast<int>(plot.series.size());
            plot.series.push_back(
                {.label = r.cell.column,
                 .x = {},
                 .y = {},
                 .style = r.cell.column == "bit-planes" ? Style::line_and_points : Style::points,
                 .colour = colour});
        }
        // Ways of two exposures stand side by side.
        plot.series.back().x.push_back(r.cell.x +
                                       0.12 * static_cast<double>(plot.series.size() - 2));
        plot.series.back().y.push_back(spread->mean);
        plot.series.back().deviation.push_back(spread->deviation);
    }
    return gnuplot.render(plot);
}

std::vector<Document> render(const StudyOptions&, const std::vector<CellResults>& results) {
    Gnuplot gnuplot;
    Page page("OPAL: quantisers");
    page.lead("How errors become mirror patterns, and what each exposure buys.");
    std::string text;
    for (const std::string task : {"cora", "mnist"}) {
        TextTable table{
            {"quantiser", "exposures per vector, at most", "measured", "validation %", "test %"}};
        for (const auto& r : results) {
            if (r.cell.row != task) continue;
            table.push_back({r.cell.name.substr(r.cell.name.find(task) + task.size() + 1),
                             fmt::format("{:.0f}", r.cell.x),
                             fmt::format("{:.3f}", exposures_per_vector(r)),
                             cell_text(r, validation_percent(r)), cell_text(r, test_percent(r))});
        }
        if (table.size() == 1) continue;
        text += (text.empty() ? "" : "\n") + task + "\n\n" + markdown(table);
        page.section(task, task);
        const std::string drawing = plot_of(results, task, gnuplot);
        page.figure({drawing}, "Mean and deviation between seeds, through the light.",
                    "bit-planes below the ternary ways: more exposures must not cost accuracy.");
        page.table(table, 1);
    }
    return {{"quantisers.md", text},
            {"quantisers.html", page.html()},
            {"quantisers.json", study_json("quantisers", results)}};
}

}  // namespace

Study quantisers_study() {
    return {"quantisers", "accuracy against exposures per vector, for every quantiser", cells,
            render};
}

}  // namespace opal::cli::reproduce
