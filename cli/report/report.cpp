// Report: chooses the figures and writes the words between them. See report.h.
#include "cli/report/report.h"

#include "calibration/acquisition.h"
#include "calibration/layout.h"
#include "cli/record_summary.h"
#include "cli/report/figures.h"
#include "hal/laser.h"

#include <fmt/format.h>

#include <chrono>

namespace opal::cli {

namespace {

std::vector<Tile> tiles_of(const calibration::Record& r) {
    std::vector<Tile> tiles;
    if (r.validation) {
        tiles.push_back({fmt::format("{:.4f}", r.validation->correlation.value),
                         "correlation on held-out patterns"});
        tiles.push_back({fmt::format("{:.1f} of {:.1f}", r.validation->effective_bits,
                                     r.validation->noise_limited_bits),
                         "effective bits per output, of what noise allows"});
    }
    tiles.push_back(
        {fmt::format("{} → {}", r.inputs, 2 * r.holography.modes()), "inputs to outputs"});
    if (r.timing.period().count() > 0) {
        const double period_s = std::chrono::duration<double>(r.timing.period()).count();
        tiles.push_back({fmt::format("{:.0f} /s", 1 / period_s), "patterns per second"});
    }
    if (r.reference) {
        tiles.push_back(
            {fmt::format("{:.1f} : 1", r.reference->ratio.value), "reference to signal"});
    }
    return tiles;
}

}  // namespace

Report make_report(const ReportInput& input) {
    const calibration::Record& record = *input.record;
    Gnuplot gnuplot;
    Page page("OPAL: " + record.bench_name);
    page.lead(fmt::format(
        "A bench of light as one thing: a machine that multiplies a vector by a large fixed random "
        "matrix. {} <span class=\"{}\">{}</span>",
        input.runs.empty() ? "This page says how well it does."
                           : "This page says how well it does, and what was trained with it.",
        record.complete() ? "ok" : "no",
        record.complete() ? "The bench is calibrated." : "The bench is not calibrated."));
    page.tiles(tiles_of(record));
    add_training(page, input.runs, gnuplot);
    const auto states = calibration::assess(record, input.wanted);
    add_graph(page, record, states);
    add_drift_state(page, record, states);
    add_first_nodes(page, record, gnuplot);
    add_fringes(page, record, input.frame);
    add_speckle(page, record, gnuplot);
    add_matrix(page, record, gnuplot);
    add_validation(page, record, gnuplot);
    add_devices(page, record, gnuplot);

    page.section("How this was made", "provenance");
    std::vector<std::vector<std::string>> rows{{"what", "value"}};
    for (const auto& [name, value] : record_facts(record)) {
        rows.push_back({escaped(name), escaped(value)});
    }
    rows.push_back({"calibration asked for", escaped(record.options)});
    if (!input.command.empty()) {
        rows.push_back({"this page", fmt::format("<code>{}</code>", escaped(input.command))});
    }
    page.table(rows, 2);
    if (!input.scene.empty()) {
        page.raw(
            fmt::format("<details><summary>The simulated bench, as a scene file</summary>"
                        "<pre>{}</pre></details>\n",
                        escaped(input.scene)));
    }
    page.raw("<footer>Written by opal " OPAL_VERSION
             ". The page needs no network and no script.</footer>\n");
    return {page.html(), gnuplot.available()};
}

hal::Frame take_example_frame(hal::Bench& bench, const calibration::Record& record,
                              std::stop_token stop) {
    const calibration::Layout layout(record.dmd_rows, record.dmd_columns, record.inputs);
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(record.inputs));
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = i % 2 == 0;
    std::vector<hal::BitPattern> patterns(1);
    layout.draw(bits, 0, patterns[0]);

    constexpr std::chrono::seconds laser_patience{60};
    const hal::EmissionGuard light(
        bench.laser(), bench.clock(), record.laser_power_mw, bench.laser_limit_mw(),
        hal::Deadline::after(bench.clock(), 2 * bench.laser().info().warm_up + laser_patience),
        stop);
    calibration::Acquisition acquisition(bench, record.holography.region, record.holography.format,
                                         record.timing, stop);
    hal::Frame taken;
    acquisition.acquire(patterns, [&](std::size_t, const hal::Frame& frame) { taken = frame; });
    return taken;
}

}  // namespace opal::cli
