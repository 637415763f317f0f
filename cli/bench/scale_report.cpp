// ScaleReport: see scale_report.h.
#include "cli/bench/scale_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace opal::cli {

namespace {

// Three digits and a unit, at most 7 characters.
std::string short_time(double seconds) {
    if (seconds <= 0) return "-";
    if (seconds < 1e-3) return fmt::format("{:.3g} us", seconds * 1e6);
    if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
    return fmt::format("{:.4g} s", seconds);
}

Series curve(const std::vector<ScaleRow>& rows, const MachineRates& rates, sim::MediumKind kind,
             bool bound) {
    Series series;
    series.label = fmt::format("{}{}", medium_name(kind), bound ? ", bound" : "");
    series.style = bound ? Style::dashed : Style::line_and_points;
    series.colour = kind == sim::MediumKind::layered ? 0 : 1;
    std::vector<const ScaleRow*> shown;
    for (const auto& row : rows) {
        if (row.medium == kind) shown.push_back(&row);
    }
    std::sort(shown.begin(), shown.end(), [](const ScaleRow* a, const ScaleRow* b) {
        return a->size.inputs * a->size.modes < b->size.inputs * b->size.modes;
    });
    for (const auto* row : shown) {
        series.x.push_back(static_cast<double>(row->size.inputs) *
                           static_cast<double>(row->size.modes));
        series.y.push_back(bound ? bound_of(*row, rates).seconds : row->seconds());
    }
    return series;
}

}  // namespace

std::string machine_line(const MachineRates& rates) {
    return fmt::format(
        "{}, {} cores: {:.3g} GB/s from memory, {:.3g} GB/s in cache, {:.3g} G products/s\n",
        rates.processor, rates.cores, rates.memory_bytes_per_s * 1e-9,
        rates.cache_bytes_per_s * 1e-9, rates.products_per_s * 1e-9);
}

std::string table_header() {
    return fmt::format("{:<8}{:>22}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>7}{:>8}\n",
                       "medium", "inputs x modes", "first", "again", "cpu", "medium", "frame",
                       "demod", "bound", "by", "MiB", "corr");
}

std::string table_line(const ScaleRow& row, const ScaleBound& bound) {
    return fmt::format(
        "{:<8}{:>22}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>7.0f}{:>8.4f}\n",
        medium_name(row.medium), size_text(row.size), short_time(row.first_s),
        short_time(row.projection_s), short_time(row.cpu_s), short_time(row.medium_s),
        short_time(row.frame_s), short_time(row.demodulate_s), short_time(bound.seconds),
        bound.limited_by, row.peak_mib, row.correlation);
}

std::string scale_json(const std::vector<ScaleRow>& rows, const MachineRates& rates) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& row : rows) {
        const ScaleBound bound = bound_of(row, rates);
        nlohmann::json entry = to_json(row);
        entry["bound"] = {{"seconds", bound.seconds},     {"limited_by", bound.limited_by},
                          {"bytes", bound.bytes},         {"multiply_adds", bound.multiply_adds},
                          {"additions", bound.additions}, {"products", bound.products}};
        list.push_back(std::move(entry));
    }
    const nlohmann::json all = {{"machine",
                                 {{"processor", rates.processor},
                                  {"cores", rates.cores},
                                  {"memory_bytes_per_s", rates.memory_bytes_per_s},
                                  {"cache_bytes_per_s", rates.cache_bytes_per_s},
                                  {"products_per_s", rates.products_per_s}}},
                                {"rows", std::move(list)}};
    return all.dump(2) + "\n";
}

Plot scale_plot(const std::vector<ScaleRow>& rows, const MachineRates& rates) {
    Plot plot;
    plot.label = "time of one projection against the size of its matrix";
    plot.x_axis = "entries of the matrix (inputs x modes)";
    plot.y_axis = "seconds per projection";
    plot.x_log = true;
    plot.y_log = true;
    for (const auto kind : {sim::MediumKind::layered, sim::MediumKind::dense}) {
        for (const bool bound : {false, true}) {
            Series series = curve(rows, rates, kind, bound);
            if (!series.x.empty()) plot.series.push_back(std::move(series));
        }
    }
    return plot;
}

}  // namespace opal::cli
