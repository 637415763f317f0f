// DriftState: see drift_state.h.
#include "cli/drift_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::cli {

namespace {

using calibration::Measured;
using calibration::Node;
using calibration::NodeState;
using calibration::spare_correlation;
using calibration::text_of_age;

std::string moment(double seconds) {
    return seconds > 0 ? "in " + text_of_age(seconds) : text_of_age(-seconds) + " ago";
}

std::string percent(double part) {
    return fmt::format("{:.2g} %", 100 * part);
}

std::string percent(const Measured& part) {
    return fmt::format("{:.2g} +- {:.1g} %", 100 * part.value, 100 * part.sigma);
}

std::string phase_line(const calibration::Record& record) {
    const auto& d = *record.drift;
    std::string text = fmt::format("drifts by {:.3g} rad/s, {:.2g} rad rms over {}",
                                   d.drift_rad_per_s, d.phase_rms_rad, text_of_age(d.observed_s));
    if (d.vibration_rad > 0)
        text += fmt::format("; shakes by {:.2g} rad at {:.0f} Hz", d.vibration_rad, d.vibration_hz);
    if (record.identity.verdict.passed)
        text += fmt::format("; taken out of every frame, whose phase is known to {:.1g} rad",
                            record.identity.phase_error_rad);
    return text;
}

std::string medium_line(const Measured& rate, bool seen) {
    if (!seen)
        return fmt::format("stands still: loses less than {} of its correlation per hour",
                           percent(3600 * std::max(rate.value + 2 * rate.sigma, 0.0)));
    return fmt::format("loses {} of its correlation per hour",
                       percent({3600 * rate.value, 3600 * rate.sigma}));
}

std::string spent_line(const DriftState& state) {
    if (!state.seen)
        return state.spent_soonest_s > 0
                   ? fmt::format("not before {} from now", text_of_age(state.spent_soonest_s))
                   : "may be: a change too slow to be seen could have spent it";
    return fmt::format("{} (soonest {}, {})", moment(state.spent_in_s),
                       moment(state.spent_soonest_s),
                       state.spent_latest_s ? "latest " + moment(*state.spent_latest_s)
                                            : "latest: cannot be told");
}

std::string due_line(const DriftState& state,
                     const calibration::PerNode<calibration::Freshness>& states) {
    for (const auto& node : calibration::all_nodes())
        if (states[node.node].state != NodeState::fresh)
            return fmt::format("now: {} ({})", node.title, states[node.node].reason);
    if (!state.due) return "no limit was set";
    return fmt::format("{}: {}, good for {}", moment(state.due_in_s),
                       calibration::info_of(*state.due).title,
                       text_of_age(states[*state.due].limit_s));
}

}  // namespace

std::optional<DriftState> drift_state(const calibration::Record& record,
                                      const calibration::PerNode<calibration::Freshness>& states) {
    if (!record.drift || !record.matrix) return std::nullopt;
    const Measured& rate = record.drift->decorrelation_per_s;
    DriftState found;
    found.age_s = states[Node::matrix].age_s;
    const double age = std::max(found.age_s, 0.0);
    found.seen = rate.value > 3 * rate.sigma && rate.value > 0;
    found.loss = {std::max(rate.value, 0.0) * age, rate.sigma * age};
    found.left = {spare_correlation - found.loss.value, found.loss.sigma};
    const auto spent_at = [&](double per_s) { return spare_correlation / per_s - age; };
    found.spent_soonest_s = spent_at(std::max(rate.value + 2 * rate.sigma, 1e-12));
    if (found.seen) {
        found.spent_in_s = spent_at(rate.value);
        found.spent_latest_s = spent_at(rate.value - 2 * rate.sigma);
    }
    for (const auto& node : calibration::all_nodes()) {
        const auto& state = states[node.node];
        if (state.state != NodeState::fresh) {
            found.due.reset();
            break;
        }
        if (!(state.limit_s > 0) || state.age_s < 0) continue;
        const double left = state.limit_s - state.age_s;
        if (found.due && left >= found.due_in_s) continue;
        found.due = node.node;
        found.due_in_s = left;
    }
    return found;
}

std::vector<std::pair<std::string, std::string>> drift_lines(
    const calibration::Record& record, const calibration::PerNode<calibration::Freshness>& states) {
    const auto state = drift_state(record, states);
    if (!state) return {};
    std::vector<std::pair<std::string, std::string>> lines;
    lines.emplace_back("phase between the arms", phase_line(record));
    lines.emplace_back("medium", medium_line(record.drift->decorrelation_per_s, state->seen));
    if (state->age_s >= 0) {
        lines.emplace_back(
            "since the matrix was measured",
            fmt::format("{} ago: {} lost", text_of_age(state->age_s),
                        state->seen
                            ? percent(state->loss)
                            : "less than " + percent(state->loss.value + 2 * state->loss.sigma)));
        lines.emplace_back(
            "budget left",
            fmt::format("{} of {}",
                        state->seen
                            ? percent(state->left)
                            : "at least " +
                                  percent(std::max(state->left.value - 2 * state->left.sigma, 0.0)),
                        percent(spare_correlation)));
        lines.emplace_back("budget spent", spent_line(*state));
    }
    lines.emplace_back("next calibration", due_line(*state, states));
    return lines;
}

}  // namespace opal::cli
