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
    std::vector<std::string> methods;
    std::uint64_t seeds;
    std::vector<Changes> recipes;
};

std::vector<Candidates> candidates() {
    std::vector<Changes> graph;
    for (const char* words : {"0.5", "0.65", "0.8", "0.9"}) {
        for (const char* hidden : {"0.3", "0.5", "0.7"}) {
            graph.push_back(
                {fmt::format("input_dropout={}", words), fmt::format("dropout={}", hidden)});
        }
    }
    const Changes better{"input_dropout=0.8", "dropout=0.5"};
    for (const char* other : {"l2=0.00025", "l2=0.001", "learning_rate=0.005", "learning_rate=0.02",
                              "epochs=400", "gain=32", "route=node"}) {
        graph.push_back(better);
        graph.back().push_back(other);
    }
    for (const char* hidden : {"dropout=0.3", "dropout=0.5"}) {
        graph.push_back({"input_dropout=0.9", hidden, "l2=0.0002"});
    }
    return {{"cora", "cora", {"bp", "dfa", "ternary"}, 20, graph},
            {"cora",
             "cora",
             {"shallow"},
             20,
             {{}, {"dropout=0", "input_dropout=0"}, {"learning_rate=0.1"}, {"l2=0"}}},
            {"mnist-plain",
             "mnist",
             {"shallow"},
             1,
             {{}, {"learning_rate=0.003"}, {"learning_rate=0.01"}, {"learning_rate=0.03"}}},
            {"mnist-plain", "mnist", {"bp", "dfa", "ternary"}, 1, {{}, {"learning_rate=0.002"}}},
            {"mnist-shifts",
             "mnist",
             {"bp", "dfa", "ternary"},
             1,
             {{"shift_px=1"}, {"shift_px=1", "learning_rate=0.002"}}}};
}

std::string joined(const Changes& changes) {
    std::string text;
    for (const auto& change : changes) text += (text.empty() ? "" : " ") + change;
    return text.empty() ? "as it is" : text;
}

std::vector<Cell> cells(const StudyOptions& options) {
    std::vector<Cell> cells;
    for (const auto& group : candidates()) {
        if (!options.wants_task(group.task)) continue;
        for (const auto& method : group.methods) {
            if (!options.wants_column(method)) continue;
            for (const auto& recipe : group.recipes) {
                Cell cell{.name = fmt::format("select-{}-{}-{}", group.row, method, joined(recipe)),
                          .row = group.row,
                          .column = method,
                          .task = group.task,
                          .method = method,
                          .recipe = recipe,
                          .quantiser = stochastic_ternary(),
                          .seeds = group.seeds,
                          .first_seed = first_seed,
                          .test = false};
                if (options.quick) {
                    cell.seeds = group.task == "cora" ? 3 : 1;
                    if (group.task == "mnist") cell.recipe.push_back("epochs=2");
                }
                if (options.seeds > 0) cell.seeds = options.seeds;
                cells.push_back(std::move(cell));
            }
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
