// CalibrationStatus: see calibration_status.h.
#include "cli/calibration_status.h"

#include "cli/node_wishes.h"
#include "cli/run_recording.h"

#include <fmt/format.h>

#include <limits>

namespace opal::cli {

namespace {

using calibration::NodeDiff;
using calibration::NodeState;

Ink ink_of(NodeState state) {
    return state == NodeState::fresh ? Ink::good : Ink::bad;
}

std::string_view word_of(NodeDiff::Kind kind) {
    switch (kind) {
        case NodeDiff::Kind::same:
            return "same";
        case NodeDiff::Kind::within:
            return "equal";
        case NodeDiff::Kind::changed:
            return "CHANGED";
        case NodeDiff::Kind::only_before:
            return "GONE";
        case NodeDiff::Kind::only_after:
            return "NEW";
        case NodeDiff::Kind::absent:
            break;
    }
    return "absent";
}

std::string number(const calibration::Measured& m) {
    return m.sigma > 0 ? text_of(m) : fmt::format("{:.5g}", m.value);
}

}  // namespace

calibration::Wanted wanted_of(hal::Bench& bench) {
    calibration::Record made_now;
    made_now.bench_identity = bench.identity();
    made_now.created_by = "opal " OPAL_VERSION;
    calibration::Wanted wanted;
    wanted.bench = calibration::bench_hash(made_now);
    wanted.now_utc_s = wall_clock_of(bench)();
    return wanted;
}

std::string_view word_of(NodeState state) {
    switch (state) {
        case NodeState::fresh:
            return "fresh";
        case NodeState::stale:
            return "stale";
        case NodeState::failed:
            return "failed";
        case NodeState::missing:
            break;
    }
    return "missing";
}

std::string check_text(const calibration::Check& c) {
    constexpr double any = std::numeric_limits<double>::max();
    const std::string unit = c.unit.empty() ? "" : " " + c.unit;
    std::string text = number({c.value, c.sigma}) + unit + ", wanted ";
    if (c.low > -any && c.high < any) return text + fmt::format("{:.4g} to {:.4g}", c.low, c.high);
    if (c.low > -any) return text + fmt::format("at least {:.4g}", c.low);
    return text + fmt::format("at most {:.4g}", c.high);
}

std::string status_text(const Terminal& terminal, const calibration::Record& record,
                        const calibration::PerNode<calibration::Freshness>& states) {
    std::string text;
    for (const auto& info : calibration::all_nodes()) {
        const auto& state = states[info.node];
        text += fmt::format("  {:<8} {:<20} {}\n",
                            terminal.out(ink_of(state.state), std::string(word_of(state.state))),
                            info.title, state.reason);
        const auto* const verdict = calibration::verdict_of(record, info.node);
        if (verdict == nullptr) continue;
        text += fmt::format("           found   {}\n", verdict->text);
        for (const auto& check : verdict->checks)
            text += fmt::format("           {:<7} {}: {}\n", check.holds() ? "ok" : "NO",
                                check.name, check_text(check));
        text += fmt::format("           when    {}, took {} of the bench's time",
                            date_of(verdict->measured_utc_s),
                            calibration::text_of_age(verdict->took_s));
        if (verdict->confirmed_utc_s > 0)
            text += fmt::format(", confirmed {}", date_of(verdict->confirmed_utc_s));
        text += fmt::format("\n           hash    {}", verdict->result);
        for (std::size_t i = 0; i < verdict->made_from.size(); ++i)
            text += fmt::format("{}{} {}", i == 0 ? " from " : ", ", verdict->made_from[i].node,
                                verdict->made_from[i].hash);
        text += "\n";
    }
    return text;
}

std::string diff_text(const Terminal& terminal, const calibration::RecordDiff& diff) {
    std::string text;
    if (!diff.remark.empty()) text += fmt::format("  {}\n", diff.remark);
    for (const auto& node : diff.nodes) {
        const bool bad = node.kind == NodeDiff::Kind::changed ||
                         node.kind == NodeDiff::Kind::only_before ||
                         node.kind == NodeDiff::Kind::only_after;
        text +=
            fmt::format("  {:<8} {:<20} {}\n",
                        terminal.out(bad ? Ink::bad : Ink::good, std::string(word_of(node.kind))),
                        calibration::info_of(node.node).title, node.text);
        for (const auto& c : node.changes)
            text +=
                fmt::format("           {} {}: {} -> {}{}{}\n", c.significant ? "*" : " ", c.what,
                            number(c.before), number(c.after), c.unit.empty() ? "" : " " + c.unit,
                            c.sigmas > 0 ? fmt::format(" ({:.1f} sigma)", c.sigmas)
                                         : fmt::format(" (tolerance {:.2g} %)", 100 * c.tolerance));
    }
    if (diff.matrix) {
        const auto& m = *diff.matrix;
        text += fmt::format(
            "matrices correlate by {:.6f} ({:.6f} is to be expected); without the phase surface of "
            "the reference, {:.3g} rad rms where {:.2g} is its uncertainty, by {:.6f} ({:.6f}); "
            "least alike is input {}: {:.6f}\n",
            m.correlation, m.expected, m.surface_rad, m.surface_sigma_rad, m.flat_correlation,
            m.flat_expected, m.worst_index, m.worst_input);
    } else {
        text += "the matrices cannot be compared: other inputs or modes, or one is missing\n";
    }
    return text;
}

}  // namespace opal::cli
