// RecordSummary: a record's nodes, numbers and verdicts as lines. See record_summary.h.
#include "cli/record_summary.h"

#include <fmt/format.h>

namespace opal::cli {

namespace {

double us(hal::Duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> record_facts(const calibration::Record& r) {
    std::vector<std::pair<std::string, std::string>> facts;
    const auto add = [&](const char* name, std::string value) {
        facts.emplace_back(name, std::move(value));
    };
    const auto& h = r.holography;
    add("bench", r.bench_name);
    add("made by", r.created_by);
    add("DMD", fmt::format("{} x {} mirrors, {} inputs", r.dmd_rows, r.dmd_columns, r.inputs));
    add("camera region",
        fmt::format("{} x {} px at ({}, {}), {} bits", h.region.rows, h.region.columns,
                    h.region.row, h.region.column, hal::bits_of(h.format)));
    add("modes", fmt::format("{} x {} = {}, {} outputs", h.mode_rows, h.mode_columns, h.modes(),
                             2 * h.modes()));
    add("carrier", fmt::format("({:.5f}, {:.5f}) cycles per pixel", h.carrier_rows_cpp,
                               h.carrier_columns_cpp));
    add("laser", fmt::format("{:.3g} mW", r.laser_power_mw));
    add("exposure", fmt::format("{:.1f} us, trigger delay {:.1f} us", us(r.timing.exposure),
                                us(r.timing.trigger_delay)));
    if (r.timing.period().count() > 0) {
        add("frame rate", fmt::format("{:.0f} per second", 1e6 / us(r.timing.period())));
    }
    if (r.photon_transfer) {
        add("gain", text_of(r.photon_transfer->gain_e_per_dn) + " e-/DN");
        add("read noise", text_of(r.photon_transfer->read_noise_e) + " e-");
    }
    if (r.reference) {
        add("reference : signal", fmt::format("{:.1f} : 1", r.reference->ratio.value));
    }
    if (r.validation) {
        add("held-out correlation",
            fmt::format("{:.5f} (worst frame {:.5f})", r.validation->correlation.value,
                        r.validation->worst_correlation));
        add("effective bits", fmt::format("{:.2f}", r.validation->effective_bits));
    }
    return facts;
}

std::vector<std::pair<std::string, const calibration::Verdict*>> record_verdicts(
    const calibration::Record& r) {
    std::vector<std::pair<std::string, const calibration::Verdict*>> verdicts;
    const auto add = [&](const char* title, const auto& node) {
        if (node) verdicts.emplace_back(title, &node->verdict);
    };
    add("dark", r.dark);
    add("exposure", r.exposure);
    add("carrier", r.carrier);
    add("photon transfer", r.photon_transfer);
    add("reference", r.reference);
    add("map", r.map);
    if (!r.identity.columns.empty()) verdicts.emplace_back("identity", &r.identity.verdict);
    add("drift", r.drift);
    add("transmission matrix", r.matrix);
    add("validation", r.validation);
    return verdicts;
}

}  // namespace opal::cli
