// Table 1 of [Launay 2020]: test accuracy of five ways to teach hidden layers, on MNIST and Cora.
//
// Rule: settings come from validation data (docs/results.md says from which); the test part is read
// once per run, after the last epoch. The MNIST runs train on all 60,000 images.
#include "cli/progress.h"
#include "cli/report/page.h"
#include "cli/report/plot.h"
#include "cli/reproduce/cell_table.h"
#include "cli/reproduce/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace opal::cli::reproduce {

namespace {

const std::vector<std::string> columns{"bp", "dfa", "ternary", "optical", "shallow"};

// [Launay 2020, table 1], percent.
const std::map<std::string, std::vector<double>> published{
    {"mnist", {98.4, 97.9, 98.1, 97.5, 92.4}}, {"cora", {82.3, 80.9, 81.5, 80.6, 48.2}}};

struct Row {
    std::string name;
    std::string task;
    std::string what;  // for people
    std::uint64_t seeds;
    std::vector<std::string> recipe;                                 // of every column
    std::map<std::string, std::vector<std::string>> column_recipes;  // besides; its columns
};

// How they were chosen: docs/results.md. Columns of direct feedback share theirs.
std::vector<Row> rows() {
    const std::vector<std::string> images{"pixels=standard", "gain=32"};
    const std::vector<std::string> graph{"input_dropout=0.8"};
    return {{"mnist-plain",
             "mnist",
             "MNIST",
             3,
             {"validation=0"},
             {{"bp", {}},
              {"dfa", images},
              {"ternary", images},
              {"optical", images},
              {"shallow", {"learning_rate=0.03"}}}},
            {"mnist-shifts",
             "mnist",
             "MNIST, one-pixel shifts",
             3,
             {"validation=0", "shift_px=1"},
             {{"bp", {"learning_rate=0.002"}},
              {"dfa", images},
              {"ternary", images},
              {"optical", images}}},
            {"cora",
             "cora",
             "Cora",
             100,
             {},
             {{"bp", {"input_dropout=0.9", "dropout=0.3", "l2=0.0002"}},
              {"dfa", graph},
              {"ternary", graph},
              {"optical", graph},
              {"shallow", {}}}}};
}

Cell cell_of(const Row& row, const std::string& column) {
    Cell cell{.name = row.name + "-" + column,
              .row = row.name,
              .column = column,
              .task = row.task,
              .method = column,
              .recipe = row.recipe,
              .quantiser = stochastic_ternary(),
              .seeds = row.seeds};
    const auto& more = row.column_recipes.at(column);
    cell.recipe.insert(cell.recipe.end(), more.begin(), more.end());
    return cell;
}

std::vector<Cell> cells(const StudyOptions& options) {
    std::vector<Cell> cells;
    for (const Row& row : rows()) {
        if (!options.wants_task(row.task)) continue;
        for (const auto& column : columns) {
            if (!options.wants_column(column) || !row.column_recipes.contains(column)) continue;
            Cell cell = cell_of(row, column);
            if (options.quick) {
                cell.seeds = row.task == "cora" ? 5 : 1;
                if (row.task == "mnist") cell.recipe.push_back("epochs=2");
            }
            if (options.seeds > 0) cell.seeds = options.seeds;
            cells.push_back(std::move(cell));
        }
    }
    // What is soon done comes first.
    std::stable_sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) {
        return (a.method != "optical") > (b.method != "optical");
    });
    return cells;
}

const CellResults* find(const std::vector<CellResults>& results, const std::string& row,
                        const std::string& column) {
    for (const auto& r : results) {
        if (r.cell.row == row && r.cell.column == column) return &r;
    }
    return nullptr;
}

TextTable table_of(const std::vector<CellResults>& results) {
    TextTable table{{"mean test accuracy, %"}};
    table[0].insert(table[0].end(), columns.begin(), columns.end());
    std::string last_task;
    for (const Row& row : rows()) {
        const bool any = std::any_of(results.begin(), results.end(),
                                     [&](const CellResults& r) { return r.cell.row == row.name; });
        if (!any) continue;
        if (row.task != last_task) {
            table.push_back(
                {(row.task == "mnist" ? "MNIST" : "Cora") + std::string(", published")});
            for (const double percent : published.at(row.task)) {
                table.back().push_back(fmt::format("{:.1f}", percent));
            }
            last_task = row.task;
        }
        table.push_back({"**" + row.what + "**"});
        for (const auto& column : columns) {
            const CellResults* cell = find(results, row.name, column);
            table.back().push_back(cell != nullptr ? cell_text(*cell, test_percent(*cell)) : "-");
        }
    }
    return table;
}

std::string chart(const std::vector<CellResults>& results, const std::string& task,
                  Gnuplot& gnuplot) {
    Plot plot{.label = "test accuracy, " + task,
              .x_axis = "1 bp, 2 dfa, 3 ternary, 4 optical",
              .y_axis = "test accuracy (%)"};
    plot.whole_x = true;
    plot.x_low = 0.5;
    plot.x_high = 4.5;
    Series paper{.label = "published", .x = {}, .y = {}, .style = Style::points, .colour = 4};
    for (std::size_t k = 0; k < 4; ++k) {
        paper.x.push_back(static_cast<double>(k + 1) - 0.1);
        paper.y.push_back(published.at(task)[k]);
    }
    plot.series.push_back(paper);
    int colour = 0;
    for (const Row& row : rows()) {
        if (row.task != task) continue;
        Series ours{
            .label = row.what, .x = {}, .y = {}, .style = Style::points, .colour = colour++};
        for (std::size_t k = 0; k < 4; ++k) {
            const CellResults* cell = find(results, row.name, columns[k]);
            const auto spread = cell != nullptr ? test_percent(*cell) : std::nullopt;
            if (!spread) continue;
            ours.x.push_back(static_cast<double>(k + 1) + 0.1 * colour);
            ours.y.push_back(spread->mean);
            ours.deviation.push_back(spread->deviation);
        }
        if (!ours.x.empty()) plot.series.push_back(std::move(ours));
    }
    return gnuplot.render(plot);
}

// Markdown's marks for HTML cells.
TextTable as_html(TextTable table) {
    for (auto& row : table) {
        for (auto& cell : row) {
            if (cell.starts_with("**")) {
                cell = "<b>" + escaped(cell.substr(2, cell.size() - 4)) + "</b>";
            } else if (cell.starts_with("`")) {
                cell = "<code>" + escaped(cell.substr(1, cell.size() - 2)) + "</code>";
            } else {
                cell = escaped(cell);
            }
        }
    }
    return table;
}

constexpr const char* meaning =
    "Mean and standard deviation between seeds of the test accuracy after the last epoch, with the "
    "number of seeds. bp: backpropagation; dfa: direct feedback by an exact random matrix; "
    "ternary: the same, the error ternarised; optical: the error through the simulated bench; "
    "shallow: hidden layers stay random.";

std::vector<Document> render(const StudyOptions&, const std::vector<CellResults>& results) {
    const TextTable table = table_of(results);
    const std::string total =
        fmt::format("All runs together took {}.", duration_text(seconds(results)));
    Gnuplot gnuplot;
    Page page("OPAL: Table 1");
    page.lead(escaped(meaning));
    page.table(as_html(table), 1);
    for (const char* task : {"mnist", "cora"}) {
        const bool any = std::any_of(results.begin(), results.end(),
                                     [&](const CellResults& r) { return r.cell.task == task; });
        if (!any) continue;
        page.figure({chart(results, task, gnuplot)},
                    "Points: mean over seeds; bars: standard deviation between seeds.",
                    "<code>optical</code> below <code>ternary</code> by more than the bars: then "
                    "the light loses something the quantiser does not.");
    }
    page.section("Cells", "cells");
    page.table(as_html(cell_list(results)), 1);
    page.paragraph(escaped(total));
    return {{"table1.md", fmt::format("{}\n{}\n\n{}\n{}", markdown(table), meaning,
                                      markdown(cell_list(results)), total + "\n")},
            {"table1.json", study_json("table1", results)},
            {"table1.html", page.html()}};
}

}  // namespace

Cell table1_cell(const std::string& row, const std::string& column) {
    for (const Row& r : rows()) {
        if (r.name == row) return cell_of(r, column);
    }
    throw std::invalid_argument("table 1 has no row " + row);
}

Study table1_study() {
    return {"table1", "accuracies of [Launay 2020], table 1, beside the published ones", cells,
            render};
}

}  // namespace opal::cli::reproduce
