// Figure2: trains, embeds and draws. See figure2.h.
#include "cli/reproduce/figure2.h"

#include "cli/reproduce/cell_table.h"
#include "cli/reproduce/scatter.h"
#include "cli/reproduce/silhouette.h"
#include "cli/reproduce/tsne.h"
#include "cli/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace opal::cli::reproduce {

namespace {

using Json = nlohmann::ordered_json;

// What the network makes of the test papers, dropout off.
struct Hidden {
    Points activations;  // (papers, 32)
    std::vector<std::int32_t> classes;
};

Hidden hidden_of_test(dfa::Network& network, dfa::BatchSource& source, dfa::Workers& workers) {
    const dfa::Batch batch = source.evaluation_batch(dfa::Part::test, 0, workers);
    network.forward(*batch.input, {&workers, false, 0, 0});
    const dfa::Matrix& all = network.block(0).output();
    std::vector<Eigen::Index> rows;
    Hidden hidden;
    for (std::size_t k = 0; k < batch.labels.size(); ++k) {
        if (batch.labels[k] == dfa::no_label) continue;
        rows.push_back(static_cast<Eigen::Index>(k));
        hidden.classes.push_back(batch.labels[k]);
    }
    hidden.activations.resize(static_cast<Eigen::Index>(rows.size()), all.cols());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        hidden.activations.row(static_cast<Eigen::Index>(k)) = all.row(rows[k]).cast<double>();
    }
    return hidden;
}

struct Column {
    std::string method;
    std::vector<double> silhouettes;  // of the activations, one per seed
    std::vector<double> accuracies;   // test, percent
    Hidden first;                     // of the first seed
    Tsne map;
    double map_silhouette = 0;
};

std::string mean_text(const std::vector<double>& values, int digits) {
    double mean = 0, squares = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (const double v : values) squares += (v - mean) * (v - mean);
    if (values.size() < 2) return fmt::format("{:.{}f}", mean, digits);
    return fmt::format("{:.{}f} ± {:.{}f}", mean, digits,
                       std::sqrt(squares / static_cast<double>(values.size() - 1)), digits);
}

Column train_column(Session& session, StudyRunner& runner, const std::string& method,
                    std::uint64_t seeds, const TsneOptions& options) {
    const Cell cell = table1_cell("cora", method);
    const auto task = runner.task(cell.task, cell.recipe);
    const OpticalSetup* const light = runner.optical(cell);
    Column column;
    column.method = method;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Progress progress(session.terminal, fmt::format("{} seed {}", method, seed), "steps");
        TrainingRunOptions run{.method = method, .seed = seed, .quantiser = cell.quantiser};
        run.trained = [&](dfa::Network& network, dfa::BatchSource& source, dfa::Workers& workers) {
            Hidden hidden = hidden_of_test(network, source, workers);
            column.silhouettes.push_back(silhouette(hidden.activations, hidden.classes));
            if (seed == 0) column.first = std::move(hidden);
        };
        const TrainingRun found =
            train_once(*task, run, light, progress, session.interruption.token());
        column.accuracies.push_back(100 * found.result.test->accuracy());
    }
    session.terminal.note(fmt::format("  {}: test {} %, silhouette of hidden activations {}",
                                      method, mean_text(column.accuracies, 2),
                                      mean_text(column.silhouettes, 3)));
    dfa::Workers workers;
    column.map = tsne(column.first.activations, options, workers);
    column.map_silhouette = silhouette(column.map.plane, column.first.classes);
    return column;
}

Json column_json(const Column& column) {
    Json points = Json::array();
    for (Eigen::Index i = 0; i < column.map.plane.rows(); ++i) {
        points.push_back(Json::array({column.map.plane(i, 0), column.map.plane(i, 1),
                                      column.first.classes[static_cast<std::size_t>(i)]}));
    }
    return {{"method", column.method},
            {"test_percent", column.accuracies},
            {"silhouette_hidden", column.silhouettes},
            {"silhouette_plane", column.map_silhouette},
            {"divergence", column.map.divergence},
            {"x_y_class", std::move(points)}};
}

}  // namespace

std::vector<Document> make_figure2(Session& session, StudyRunner& runner,
                                   const StudyOptions& options) {
    const std::uint64_t seeds = options.seeds > 0 ? options.seeds : options.quick ? 1 : 5;
    TsneOptions embedding;
    if (options.quick) embedding.iterations = 500;
    std::vector<Panel> panels;
    Json columns = Json::array();
    TextTable table{{"", "test %", "silhouette, 32 hidden", "silhouette, plane", "KL, nats"}};
    for (const char* method : {"bp", "optical"}) {
        const Column column = train_column(session, runner, method, seeds, embedding);
        panels.push_back(
            {method == std::string("bp") ? "backpropagation" : "optical DFA",
             fmt::format("test {:.1f} %, silhouette {:.3f} in 32 dimensions, {:.3f} here",
                         column.accuracies.front(), column.silhouettes.front(),
                         column.map_silhouette),
             column.map.plane, column.first.classes});
        columns.push_back(column_json(column));
        table.push_back({method, mean_text(column.accuracies, 2), mean_text(column.silhouettes, 3),
                         fmt::format("{:.3f}", column.map_silhouette),
                         fmt::format("{:.3f}", column.map.divergence)});
    }
    const auto names = runner.task("cora", {})->class_names();
    const Json json{{"schema", "opal-figure2-1"},
                    {"program", program_version()},
                    {"perplexity", embedding.perplexity},
                    {"iterations", embedding.iterations},
                    {"seeds", seeds},
                    {"columns", std::move(columns)}};
    return {{"figure2.md",
             markdown(table) +
                 fmt::format("\nCora's 1,000 test papers, hidden activations (32) of {} networks "
                             "per method, dropout off; mean and deviation between seeds. The "
                             "picture shows seed 0: exact t-SNE, perplexity {}, {} iterations.\n",
                             seeds, embedding.perplexity, embedding.iterations)},
            {"figure2.svg", scatter_svg(panels, names)},
            {"figure2.png", scatter_png(panels)},
            {"figure2.json", json.dump() + "\n"}};
}

}  // namespace opal::cli::reproduce
