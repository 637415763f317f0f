// Soak report: the score as a table for people and as JSON for programs.
#include "cli/soak.h"
#include "cli/training_json.h"
#include "cli/version.h"
#include "sim/faults/fault_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace opal::cli {

namespace {

using Json = nlohmann::ordered_json;

Json score_json(const FaultScore& f) {
    return {{"injected", f.injected}, {"detected", f.detected}, {"recovered", f.recovered},
            {"stopped", f.stopped},   {"harmless", f.harmless}, {"missed", f.missed}};
}

std::string row(std::string_view name, const FaultScore& f) {
    return fmt::format("{:<22} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7}\n", name, f.injected, f.detected,
                       f.recovered, f.stopped, f.harmless, f.missed);
}

}  // namespace

std::string soak_table(const SoakReport& report, const Terminal& terminal) {
    std::string text =
        terminal.out(Ink::strong, fmt::format("{:<22} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7}\n",
                                              "fault", "injected", "detected", "recovered",
                                              "stopped", "harmless", "missed"));
    for (const sim::FaultType& type : sim::fault_types()) {
        const FaultScore& f = report.faults[static_cast<std::size_t>(type.kind)];
        if (f.injected > 0) text += row(type.name, f);
    }
    text += terminal.out(Ink::strong, row("all", report.total()));
    text += fmt::format(
        "\n{} frames delivered in {:.0f} s ({:.0f} a second); {} pairs used, {} wrong; {} vectors "
        "asked for, {} returned, {} refused with a reason, {} lost\nworst correlation of a batch "
        "with its matrix {:.5f}, of a vector "
        "{:.4f}; matrix measured again {} times\n",
        report.frames, report.seconds,
        static_cast<double>(report.frames) / std::max(report.seconds, 1e-9), report.pairs,
        report.wrong_pairs, report.asked, report.vectors, report.refused, report.lost_vectors(),
        report.worst_correlation, report.worst_vector, report.health.matrix_refreshes);
    text += report.passed() ? terminal.out(Ink::good, "ok") : terminal.out(Ink::bad, "NO");
    text += report.passed() ? "  nothing was wrong without a word\n"
                            : "  something was wrong and nobody noticed\n";
    return text;
}

std::string soak_json(const SoakReport& report) {
    Json json{{"schema", "opal-soak-1"},
              {"program", program_version()},
              {"bench", report.bench_name},
              {"schedule", sim::dump_faults(report.schedule)},
              {"frames", report.frames},
              {"seconds", report.seconds},
              {"bench_seconds", report.bench_seconds},
              {"pairs", report.pairs},
              {"wrong_pairs", report.wrong_pairs},
              {"vectors_asked", report.asked},
              {"vectors", report.vectors},
              {"refused_vectors", report.refused},
              {"lost_vectors", report.lost_vectors()},
              {"wrong_batches", report.wrong_batches},
              {"worst_batch_correlation", report.worst_correlation},
              {"worst_vector_correlation", report.worst_vector},
              {"passed", report.passed()},
              {"total", score_json(report.total())}};
    Json faults = Json::object();
    for (const sim::FaultType& type : sim::fault_types()) {
        const FaultScore& f = report.faults[static_cast<std::size_t>(type.kind)];
        if (f.injected > 0) faults[std::string(type.name)] = score_json(f);
    }
    json["faults"] = std::move(faults);
    json["light"] = light_json(report.health);
    json["stops"] = report.stops;
    return json.dump(2) + "\n";
}

}  // namespace opal::cli
