// RecordDiff: see record_diff.h.
#include "calibration/record_diff.h"

#include "calibration/array_change.h"
#include "calibration/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <string_view>

namespace opal::calibration {

namespace {

// One number that is compared, and what moves it.
struct Quantity {
    Node node;
    std::string_view what;
    std::string_view unit;
    double tolerance;  // relative; of numbers without an uncertainty
    std::optional<Measured> (*of)(const Record&);
    std::string_view fell;
    std::string_view rose;
};

template <auto Member, auto Field>
std::optional<Measured> measured(const Record& r) {
    if (!(r.*Member)) return std::nullopt;
    return (*(r.*Member)).*Field;
}

template <auto Member, auto Field>
std::optional<Measured> number(const Record& r) {
    if (!(r.*Member)) return std::nullopt;
    return Measured{static_cast<double>((*(r.*Member)).*Field), 0};
}

// Light per time and laser power would be constant if nothing ages. The exposure is chosen anew
// each time, by the few brightest pixels, and scatters by several percent on a still bench.
std::optional<Measured> per_us_and_mw(const Record& r, const Measured& light_dn) {
    const double of = microseconds(r.exposure->timing.exposure) * r.exposure->laser_power_mw;
    if (!(of > 0)) return std::nullopt;
    return Measured{light_dn.value / of, light_dn.sigma / of};
}

std::optional<Measured> reference_light(const Record& r) {
    if (!r.reference || !r.exposure) return std::nullopt;
    return per_us_and_mw(r, r.reference->mean_dn);
}

// Frames scatter by the laser's power, twice as far as the field's amplitude.
std::optional<Measured> half_lit_light(const Record& r) {
    if (!r.exposure) return std::nullopt;
    const double light = r.exposure->mean_dn - r.holography.black_level_dn;
    const double power_rms = r.drift ? 2 * r.drift->power_rms : 0;
    return per_us_and_mw(r, {light, light * power_rms / std::sqrt(double{half_lit_frames})});
}

std::optional<Measured> strip_light(const Record& r) {
    if (r.identity.columns.empty() || !r.exposure) return std::nullopt;
    return Measured{power(r.identity.columns) / static_cast<double>(r.identity.columns.size()), 0};
}

std::optional<Measured> matrix_light(const Record& r) {
    if (!r.matrix || r.matrix->entries.empty()) return std::nullopt;
    return Measured{power(r.matrix->entries) / static_cast<double>(r.matrix->entries.size()), 0};
}

std::optional<Measured> hot_pixels(const Record& r) {
    if (!r.dark) return std::nullopt;
    const auto n = static_cast<double>(r.dark->hot_pixels.size());
    return Measured{n, std::sqrt(n + 1)};  // counts
}

constexpr std::string_view camera_set = "a setting of the camera was changed";
constexpr std::string_view less_light =
    "the laser has aged, the beam is clipped, or the wave plate has moved";
constexpr std::string_view more_light = "the laser gives more, or the wave plate has moved";
constexpr std::string_view tilted = "the reference beam's mirror has moved";
constexpr std::string_view medium_moved =
    "less light comes through the medium: it has moved, or the beam on it has";
constexpr std::string_view medium_more =
    "more light comes through the medium: it has moved, or the beam on it has";

const std::vector<Quantity>& quantities() {
    using R = Record;
    static const std::vector<Quantity> all{
        {Node::dark, "black level", "DN", 0, measured<&R::dark, &Dark::black_level_deep_dn>,
         "the sensor is colder, or its offset was changed",
         "the sensor is warmer, its offset was changed, or stray light reaches it"},
        {Node::dark, "read noise", "DN", 0, measured<&R::dark, &Dark::read_noise_deep_dn>,
         camera_set, "the sensor is warmer, or a setting of the camera was changed"},
        {Node::dark, "dark current", "DN/s", 0,
         measured<&R::dark, &Dark::dark_current_deep_dn_per_s>, "the sensor is colder",
         "the sensor is warmer, or light leaks in"},
        {Node::dark, "hot pixels", "", 0, hot_pixels, "the sensor is colder",
         "the sensor is warmer, or damaged by radiation"},
        {Node::exposure, "light of half-lit frames", "DN/(us mW)", 0.02, half_lit_light, less_light,
         more_light},
        {Node::exposure, "saturation", "DN", 0.02, number<&R::exposure, &Exposure::saturation_dn>,
         camera_set, camera_set},
        {Node::exposure, "laser power", "mW", 0.001,
         number<&R::exposure, &Exposure::laser_power_mw>, "there was too much light",
         "there was too little light"},
        {Node::carrier, "carrier, rows", "cycles/px", 0, measured<&R::carrier, &Carrier::rows_cpp>,
         tilted, tilted},
        {Node::carrier, "carrier, columns", "cycles/px", 0,
         measured<&R::carrier, &Carrier::columns_cpp>, tilted, tilted},
        {Node::carrier, "curvature", "rad/px^2", 0,
         measured<&R::carrier, &Carrier::curvature_rad_per_px2>,
         "a lens of the reference arm has moved", "a lens of the reference arm has moved"},
        {Node::carrier, "side band's width, rows", "cycles/px", 0.05,
         number<&R::carrier, &Carrier::width_rows_cpp>, "the pupil was closed",
         "the pupil was opened"},
        {Node::carrier, "side band's width, columns", "cycles/px", 0.05,
         number<&R::carrier, &Carrier::width_columns_cpp>, "the pupil was closed",
         "the pupil was opened"},
        {Node::photon_transfer, "gain", "e-/DN", 0,
         measured<&R::photon_transfer, &PhotonTransfer::gain_deep_e_per_dn>, camera_set,
         camera_set},
        {Node::photon_transfer, "read noise", "e-", 0,
         measured<&R::photon_transfer, &PhotonTransfer::read_noise_e>, camera_set,
         "the sensor is warmer, or a setting of the camera was changed"},
        {Node::reference, "reference light", "DN/(us mW)", 0.02, reference_light, less_light,
         more_light},
        {Node::reference, "reference : signal", "", 0, measured<&R::reference, &Reference::ratio>,
         "the wave plate has moved, or the reference is clipped",
         "the wave plate has moved, or the DMD's beam has left the medium"},
        {Node::reference, "unevenness", "", 0.1, number<&R::reference, &Reference::unevenness>,
         "the reference beam has moved", "the reference beam has moved, or dust has settled"},
        {Node::map, "contrast", ": 1", 0, measured<&R::map, &Map::contrast>,
         "stray light, or mirrors that do not turn off", "less stray light"},
        {Node::map, "mirrors' latency", "us", 0, measured<&R::map, &Map::latency_us>,
         "the trigger's timing was changed", "the trigger's timing was changed"},
        {Node::identity, "light of the guard strip", "DN", 0.1, strip_light, medium_moved,
         medium_more},
        {Node::drift, "decorrelation", "1/s", 0, measured<&R::drift, &Drift::decorrelation_per_s>,
         "the medium has settled", "the medium moves more than it did"},
        {Node::drift, "vibration", "rad", 0.5, number<&R::drift, &Drift::vibration_rad>,
         "the table is quieter", "something shakes the table"},
        {Node::matrix, "light of one input", "DN", 0.1, matrix_light, medium_moved, medium_more},
        {Node::validation, "correlation", "", 0, measured<&R::validation, &Validation::correlation>,
         "the matrix predicts worse; the error budget says why", "the matrix predicts better"}};
    return all;
}

Change compared(const Quantity& q, const Measured& before, const Measured& after) {
    Change c{.what = std::string(q.what),
             .unit = std::string(q.unit),
             .before = before,
             .after = after,
             .tolerance = q.tolerance};
    const double sigma = std::hypot(before.sigma, after.sigma);
    const double moved = std::abs(c.difference());
    if (sigma > 0) c.sigmas = moved / sigma;
    const bool certain = sigma > 0 ? c.sigmas > enough_sigmas : true;
    const bool large = moved > q.tolerance * std::max(std::abs(before.value), 1e-300);
    c.significant = moved > 0 && certain && large;
    if (c.significant) c.cause = c.difference() < 0 ? q.fell : q.rose;
    return c;
}

std::string words(const Change& c) {
    const char* const verb = c.difference() < 0 ? "fell" : "rose";
    std::string by = std::abs(c.before.value) > 0
                         ? fmt::format("{:.2g} %", std::abs(c.percent()))
                         : fmt::format("{:.3g} {}", std::abs(c.difference()), c.unit);
    if (c.sigmas > 0) by += fmt::format(" ({:.0f} sigma)", c.sigmas);
    return fmt::format("{} {} by {}: {}", c.what, verb, by, c.cause);
}

}  // namespace

double Change::percent() const {
    return 100 * difference() / std::max(std::abs(before.value), 1e-300);
}

bool RecordDiff::changed() const {
    if (!comparable) return true;
    return std::any_of(nodes.begin(), nodes.end(), [](const NodeDiff& n) {
        return n.kind == NodeDiff::Kind::changed || n.kind == NodeDiff::Kind::only_before ||
               n.kind == NodeDiff::Kind::only_after;
    });
}

NodeDiff compare(const Record& before, const Record& after, Node node) {
    using Kind = NodeDiff::Kind;
    NodeDiff diff{.node = node};
    const bool had = verdict_of(before, node) != nullptr;
    const bool has = verdict_of(after, node) != nullptr;
    if (!had || !has) {
        diff.kind = had ? Kind::only_before : has ? Kind::only_after : Kind::absent;
        diff.text = had ? "is missing now" : has ? "is new" : "not measured in either";
        return diff;
    }
    if (result_hash(before, node) == result_hash(after, node)) {
        diff.kind = Kind::same;
        diff.text = "the same measurement";
        return diff;
    }
    for (const Quantity& q : quantities()) {
        if (q.node != node) continue;
        const auto then = q.of(before);
        const auto now = q.of(after);
        if (then && now) diff.changes.push_back(compared(q, *then, *now));
    }
    for (Change& c : array_changes(before, after, node)) diff.changes.push_back(std::move(c));
    std::stable_sort(diff.changes.begin(), diff.changes.end(), [](auto& a, auto& b) {
        return a.significant != b.significant ? a.significant : a.sigmas > b.sigmas;
    });
    const bool was_good = verdict_of(before, node)->passed;
    const bool is_good = verdict_of(after, node)->passed;
    const bool moved = !diff.changes.empty() && diff.changes.front().significant;
    diff.kind = moved || was_good != is_good ? Kind::changed : Kind::within;
    for (const Change& c : diff.changes)
        if (c.significant) diff.text += (diff.text.empty() ? "" : "; ") + words(c);
    if (was_good != is_good)
        diff.text = std::string(is_good ? "passes now" : "does not pass any more") +
                    (diff.text.empty() ? "" : "; ") + diff.text;
    if (!diff.text.empty()) return diff;
    diff.text = "measured again, equal within the tolerance";
    if (diff.changes.empty() || diff.changes.front().sigmas == 0) return diff;
    const Change& most = diff.changes.front();
    diff.text = most.sigmas > enough_sigmas
                    ? fmt::format(
                          "measured again, equal within the tolerance ({} by {:.2g} % at "
                          "most)",
                          most.what, std::abs(most.percent()))
                    : fmt::format(
                          "measured again, equal within the uncertainty ({} by {:.1f} "
                          "sigma at most)",
                          most.what, most.sigmas);
    return diff;
}

RecordDiff compare(const Record& before, const Record& after) {
    RecordDiff diff;
    if (before.bench_identity != after.bench_identity) {
        diff.comparable = false;
        diff.remark =
            fmt::format("made on different benches: {} [{}] and {} [{}]", before.bench_name,
                        before.bench_identity, after.bench_name, after.bench_identity);
    } else if (before.options != after.options) {
        diff.remark =
            fmt::format("made with different options: {} | {}", before.options, after.options);
    }
    for (const NodeInfo& n : all_nodes()) diff.nodes.push_back(compare(before, after, n.node));
    diff.matrix = compare_matrices(before, after);
    if (!diff.matrix || !diff.comparable) return diff;
    // The numbers of a matrix may be as they were while its entries are not.
    const MatrixComparison& m = *diff.matrix;
    NodeDiff& node = diff.nodes[static_cast<std::size_t>(Node::matrix)];
    if (node.kind == NodeDiff::Kind::same) return diff;
    if (m.medium_moved()) {
        node.kind = NodeDiff::Kind::changed;
        node.text = fmt::format(
            "correlates by {:.5f} with the one before, tilt and bend of the reference taken out, "
            "and two measurements of one medium by {:.5f}: the medium, or the beam on it, has "
            "moved",
            m.flat_correlation, m.flat_expected);
    } else if (m.surface_moved()) {
        node.kind = NodeDiff::Kind::changed;
        node.text = fmt::format(
            "correlates by {:.5f} with the one before, {:.5f} once a tilt and a bend of {:.3g} rad "
            "rms are taken out, where {:.2g} may be: a mirror or a lens of the reference has moved",
            m.correlation, m.flat_correlation, m.surface_rad, m.surface_sigma_rad);
    } else {
        node.text += fmt::format(
            "; correlates by {:.5f}, tilt and bend of the reference taken out by {:.6f}, where "
            "noise alone gives {:.6f}",
            m.correlation, m.flat_correlation, m.flat_expected);
    }
    return diff;
}

}  // namespace opal::calibration
