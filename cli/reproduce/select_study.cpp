// How the settings of table 1 were chosen: candidates by their accuracy on validation data.
//
// Rule: no run of this study looks at a test part, and its seeds are not those of the table.
#include "cli/reproduce/cell_table.h"
#include "cli/reproduce/study.h"

#include <fmt/format.h>

#include <algorithm>

namespace opal::cli::reproduce {

namespace {

using Changes = std::vector<std::string>;

constexpr std::uint64_t first_seed = 1000;

struct Candidates {
    std::string row;
    std::string task;
    std::string method;
    std::uint64_t seeds;
    Changes common;  // to all of them
    std::vector<Changes> recipes;
};

std::vector<Candidates> candidates() {
    const Changes fewer_drops{"input_dropout=0.9", "dropout=0.3", "l2=0.0002"};
    const auto with = [](Changes changes, const std::string& more) {
        changes.push_back(more);
        return changes;
    };
    // Short runs, and more images than usual to judge by: full ones take minutes each.
    const Changes images{"validation=10000", "epochs=8"};
    const Changes shifted{"validation=10000", "epochs=8", "shift_px=1"};
    const Changes standard{"pixels=standard", "gain=32"};
    return {{"cora",
             "cora",
             "bp",
             24,
             {},
             {{},
              fewer_drops,
              {"input_dropout=0.8", "dropout=0.3"},
              {"input_dropout=0.8", "l2=0.0002"},
              {"input_dropout=0.9", "l2=0.0002"},
              {"input_dropout=0.9", "dropout=0.3", "l2=0.0001"},
              with(fewer_drops, "epochs=400"),
              with(fewer_drops, "learning_rate=0.02"),
              with(fewer_drops, "output_rate=0.3"),
              with(fewer_drops, "output_rate=3")}},
            {"cora",
             "cora",
             "dfa",
             24,
             {},
             {{},
              {"input_dropout=0.8"},
              {"input_dropout=0.8", "gain=32"},
              {"input_dropout=0.8", "learning_rate=0.02"}}},
            {"cora",
             "cora",
             "ternary",
             24,
             {},
             {{"input_dropout=0.8"},
              {"input_dropout=0.8", "gain=32"},
              {"input_dropout=0.9", "l2=0.0002"},
              {"input_dropout=0.8", "route=node"}}},
            {"mnist-plain",
             "mnist",
             "shallow",
             1,
             images,
             {{}, {"learning_rate=0.01"}, {"learning_rate=0.03"}}},
            {"mnist-plain", "mnist", "bp", 1, images, {{}, {"pixels=standard"}}},
            {"mnist-plain",
             "mnist",
             "dfa",
             1,
             images,
             {{}, {"gain=32"}, {"pixels=standard"}, standard}},
            {"mnist-shifts", "mnist", "bp", 1, shifted, {{}, {"learning_rate=0.002"}}},
            {"mnist-shifts",
             "mnist",
             "dfa",
             1,
             shifted,
             {standard, with(standard, "learning_rate=0.002")}}};
}

std::string joined(const Changes& changes) {
    std::string text;
    for (const auto& change : changes) text += (text.empty() ? "" : " ") + change;
    return text.empty() ? "as it is" : text;
}

std::vector<Cell> cells(const StudyOptions& options) {
    std::vector<Cell> cells;
    for (const auto& group : candidates()) {
        if (!options.wants_task(group.task) || !options.wants_column(group.method)) continue;
        for (const auto& recipe : group.recipes) {
            Cell cell{
                .name = fmt::format("select-{}-{}-{}", group.row, group.method, joined(recipe)),
                .row = group.row,
                .column = group.method,
                .task = group.task,
                .method = group.method,
                .recipe = group.common,
                .quantiser = stochastic_ternary(),
                .seeds = group.seeds,
                .first_seed = first_seed,
                .test = false};
            cell.recipe.insert(cell.recipe.end(), recipe.begin(), recipe.end());
            if (options.quick) {
                cell.seeds = group.task == "cora" ? 3 : 1;
                if (group.task == "mnist") cell.recipe.push_back("epochs=2");
            }
            if (options.seeds > 0) cell.seeds = options.seeds;
            cells.push_back(std::move(cell));
        }
    }
    return cells;
}

std::vector<Document> render(const StudyOptions&, const std::vector<CellResults>& results) {
    std::vector<const CellResults*> ranked;
    for (const auto& r : results) ranked.push_back(&r);
    const auto mean = [](const CellResults* r) {
        const auto spread = validation_percent(*r);
        return spread ? spread->mean : 0.0;
    };
    std::stable_sort(ranked.begin(), ranked.end(), [&](const auto* a, const auto* b) {
        const auto key = [](const CellResults* r) { return r->cell.row + "/" + r->cell.column; };
        return key(a) != key(b) ? key(a) < key(b) : mean(a) > mean(b);
    });
    TextTable table{{"task", "method", "validation %", "seeds", "settings"}};
    for (const auto* r : ranked) {
        table.push_back({r->cell.row, r->cell.column, spread_text(validation_percent(*r)),
                         fmt::format("{}", r->runs.size()), joined(r->cell.recipe)});
    }
    return {{"select.md", markdown(table)}, {"select.json", study_json("select", results)}};
}

}  // namespace

Study select_study() {
    return {"select", "how table 1's settings were chosen, on validation data alone", cells,
            render};
}

}  // namespace opal::cli::reproduce
