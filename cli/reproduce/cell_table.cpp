// CellTable: spreads, text and JSON. See cell_table.h.
#include "cli/reproduce/cell_table.h"

#include "cli/progress.h"
#include "cli/quantiser_choice.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace opal::cli::reproduce {

namespace {

using Json = nlohmann::ordered_json;

Json spread_json(const Spread& spread) {
    return {{"mean", spread.mean}, {"deviation", spread.deviation}};
}

std::string quantiser_options(const projection::QuantiserOptions& q) {
    std::string text = " --quantiser " + quantiser_name(q.kind);
    switch (q.kind) {
        case projection::Quantisation::fixed_threshold:
        case projection::Quantisation::adaptive_threshold:
            text += fmt::format(" --threshold {}", q.threshold);
            break;
        case projection::Quantisation::bit_planes:
            text += fmt::format(" --bits {}", q.bits);
            break;
        case projection::Quantisation::stochastic:
            return text;
    }
    return text + (q.restore_norm ? "" : " --no-norm");
}

}  // namespace

std::string markdown(const TextTable& table) {
    std::string text;
    for (std::size_t k = 0; k < table.size(); ++k) {
        text += "|";
        for (const auto& cell : table[k]) text += " " + cell + " |";
        text += "\n";
        if (k > 0) continue;
        text += "|";
        for (std::size_t c = 0; c < table[k].size(); ++c) text += "---|";
        text += "\n";
    }
    return text;
}

std::optional<Spread> test_percent(const CellResults& cell) {
    const auto summaries = summarise(cell.runs);
    return summaries.empty() ? std::nullopt : summaries.front().test_percent;
}

std::optional<Spread> validation_percent(const CellResults& cell) {
    const auto summaries = summarise(cell.runs);
    return summaries.empty() ? std::nullopt : summaries.front().validation_percent;
}

double exposures_per_vector(const CellResults& cell) {
    double exposures = 0, vectors = 0;
    for (const auto& run : cell.runs) {
        exposures += static_cast<double>(run.projections.acquisitions);
        vectors += static_cast<double>(run.projections.vectors);
    }
    return vectors > 0 ? exposures / vectors : 0;
}

double seconds(const std::vector<CellResults>& results) {
    double sum = 0;
    for (const auto& cell : results) {
        for (const auto& run : cell.runs) sum += run.seconds;
    }
    return sum;
}

std::string cell_text(const CellResults& cell, const std::optional<Spread>& spread) {
    return spread ? fmt::format("{} ({})", spread_text(spread), cell.runs.size()) : "-";
}

std::string command_of(const Cell& cell) {
    std::string text = fmt::format("opal train {} -m {} -k {}", cell.task, cell.method, cell.seeds);
    if (cell.first_seed > 0) text += fmt::format(" --first-seed {}", cell.first_seed);
    for (const auto& change : cell.recipe) text += " --recipe " + change;
    if (cell.method == "ternary" || cell.method == "optical") {
        text += quantiser_options(cell.quantiser);
    }
    for (const auto& change : cell.overrides) text += " --set " + change;
    if (cell.alignment) text += " --alignment";
    if (!cell.test) text += " --no-test";
    return text;
}

TextTable cell_list(const std::vector<CellResults>& results) {
    TextTable table{{"cell", "seeds", "validation %", "test %", "time", "command"}};
    for (const auto& cell : results) {
        table.push_back({cell.cell.name, fmt::format("{}", cell.runs.size()),
                         spread_text(validation_percent(cell)), spread_text(test_percent(cell)),
                         duration_text(seconds({cell})), "`" + command_of(cell.cell) + "`"});
    }
    return table;
}

std::string study_json(const std::string& study, const std::vector<CellResults>& results) {
    Json json{{"schema", "opal-study-1"}, {"program", program_version()}, {"study", study}};
    Json cells = Json::array();
    for (const auto& result : results) {
        const Cell& cell = result.cell;
        Json entry{{"cell", cell.name},           {"row", cell.row},
                   {"column", cell.column},       {"task", cell.task},
                   {"method", cell.method},       {"seeds", result.runs.size()},
                   {"seconds", seconds({result})}};
        if (cell.method == "optical") entry["camera_bits"] = cell.camera_bits;
        if (const auto s = validation_percent(result))
            entry["validation_percent"] = spread_json(*s);
        if (const auto s = test_percent(result)) entry["test_percent"] = spread_json(*s);
        if (const double e = exposures_per_vector(result); e > 0) {
            entry["exposures_per_vector"] = e;
        }
        Json tests = Json::array();
        for (const auto& run : result.runs) {
            if (run.result.test) tests.push_back(run.result.test->correct);
        }
        entry["test_correct"] = std::move(tests);
        entry["command"] = command_of(cell);
        cells.push_back(std::move(entry));
    }
    json["cells"] = std::move(cells);
    return json.dump(2) + "\n";
}

}  // namespace opal::cli::reproduce
