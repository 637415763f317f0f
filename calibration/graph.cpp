// Graph: see graph.h.
#include "calibration/graph.h"

#include "calibration/record_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace opal::calibration {

namespace {

constexpr double hour_s = 3600;
constexpr double day_s = 24 * hour_s;

template <typename R, typename Use>
void with_node(R& r, Node node, const Use& use) {
    const auto given = [&](auto& result) {
        if (result) use(*result);
    };
    switch (node) {
        case Node::dark:
            return given(r.dark);
        case Node::exposure:
            return given(r.exposure);
        case Node::carrier:
            return given(r.carrier);
        case Node::photon_transfer:
            return given(r.photon_transfer);
        case Node::reference:
            return given(r.reference);
        case Node::map:
            return given(r.map);
        case Node::identity:
            if (!r.identity.verdict.text.empty()) use(r.identity);
            return;
        case Node::drift:
            return given(r.drift);
        case Node::matrix:
            return given(r.matrix);
        case Node::validation:
            return given(r.validation);
    }
}

std::string plain(std::string_view title) {
    std::string word(title);
    for (char& c : word)
        if (c == '-' || c == '_') c = ' ';
    return word;
}

// The first input whose result is not the one this node was made from; empty: none.
std::string changed_input(const Record& record, const NodeInfo& info, const Verdict& verdict) {
    for (const Node input : info.inputs) {
        const std::string_view title = info_of(input).title;
        const auto stored = std::find_if(verdict.made_from.begin(), verdict.made_from.end(),
                                         [&](const NodeInput& i) { return i.node == title; });
        const std::string now = result_hash(record, input);
        if (now.empty()) return fmt::format("its input {} is missing", title);
        if (stored == verdict.made_from.end() || stored->hash != now)
            return fmt::format("its input {} has changed", title);
    }
    return {};
}

}  // namespace

const std::vector<NodeInfo>& all_nodes() {
    static const std::vector<NodeInfo> nodes{
        {Node::dark, "dark", {}, day_s, "the sensor's temperature"},
        {Node::exposure, "exposure", {Node::dark}, day_s, "the laser's power"},
        {Node::carrier, "carrier", {Node::exposure}, day_s, "the reference beam's tilt"},
        {Node::photon_transfer,
         "photon transfer",
         {Node::dark, Node::exposure, Node::carrier},
         30 * day_s,
         "the camera's electronics"},
        {Node::reference,
         "reference",
         {Node::dark, Node::exposure, Node::carrier},
         8 * hour_s,
         "the laser's power and its split between the arms"},
        {Node::map, "map", {Node::reference}, 7 * day_s, "the DMD, its illumination, the timing"},
        {Node::identity, "identity", {Node::map}, 4 * hour_s, "the medium"},
        {Node::drift, "drift", {Node::identity}, 4 * hour_s, "the table and the air"},
        {Node::matrix, "transmission matrix", {Node::identity}, 4 * hour_s, "the medium"},
        {Node::validation,
         "validation",
         {Node::photon_transfer, Node::reference, Node::identity, Node::drift, Node::matrix},
         hour_s,
         "everything"}};
    return nodes;
}

const NodeInfo& info_of(Node node) {
    return all_nodes()[static_cast<std::size_t>(node)];
}

std::optional<Node> node_named(std::string_view title) {
    const std::string word = plain(title);
    if (word == "matrix") return Node::matrix;
    for (const NodeInfo& n : all_nodes())
        if (n.title == word) return n.node;
    return std::nullopt;
}

const Verdict* verdict_of(const Record& record, Node node) {
    const Verdict* found = nullptr;
    with_node(record, node, [&](const auto& result) { found = &result.verdict; });
    return found;
}

Verdict* verdict_of(Record& record, Node node) {
    return const_cast<Verdict*>(verdict_of(std::as_const(record), node));
}

void forget(Record& r, Node node) {
    switch (node) {
        case Node::dark:
            r.dark.reset();
            return;
        case Node::exposure:
            r.exposure.reset();
            return;
        case Node::carrier:
            r.carrier.reset();
            return;
        case Node::photon_transfer:
            r.photon_transfer.reset();
            return;
        case Node::reference:
            r.reference.reset();
            r.holography.reference_dn.clear();
            return;
        case Node::map:
            r.map.reset();
            return;
        case Node::identity:
            r.identity = {};
            return;
        case Node::drift:
            r.drift.reset();
            return;
        case Node::matrix:
            r.matrix.reset();
            return;
        case Node::validation:
            r.validation.reset();
            return;
    }
}

std::string result_hash(const Record& record, Node node) {
    std::string hash;
    // Archives walk fields by reference, whether they read or write; a fingerprint only reads.
    with_node(const_cast<Record&>(record), node, [&](auto& result) {
        Fingerprint print;
        print.add_result(result);
        if (node == Node::reference)
            print.add({reinterpret_cast<const char*>(record.holography.reference_dn.data()),
                       record.holography.reference_dn.size() * sizeof(float)});
        hash = print.text();
    });
    return hash;
}

std::string bench_hash(const Record& record) {
    Fingerprint print;
    print.add(record.bench_identity);
    print.add(record.created_by);
    return print.text();
}

Freshness assess(const Record& record, Node node, const Wanted& wanted) {
    const NodeInfo& info = info_of(node);
    const Verdict* const verdict = verdict_of(record, node);
    Freshness found;
    if (verdict == nullptr) {
        found.reason = "not measured yet";
        return found;
    }
    found.limit_s = wanted.age_limit_s[node].value_or(verdict->age_limit_s);
    const double since = std::max(verdict->measured_utc_s, verdict->confirmed_utc_s);
    if (since > 0 && wanted.now_utc_s > 0) found.age_s = wanted.now_utc_s - since;
    found.state = NodeState::stale;
    if (!verdict->passed) {
        found.state = NodeState::failed;
        found.reason = "its verdict was no";
    } else if (wanted.bench && *wanted.bench != verdict->bench) {
        found.reason = "made on another bench, or by another version of the program";
    } else if (wanted.options[node] && *wanted.options[node] != verdict->options) {
        found.reason = fmt::format("made with other options: {}", verdict->options);
    } else if (auto changed = changed_input(record, info, *verdict); !changed.empty()) {
        found.reason = std::move(changed);
    } else if (result_hash(record, node) != verdict->result) {
        found.reason = "the stored result is not the one that was measured";
    } else if (wanted.redo[node]) {
        found.may_hold = true;
        found.reason = "asked for";
    } else if (since > 0 && wanted.now_utc_s > 0 && found.age_s < -1) {
        found.may_hold = true;
        found.reason =
            fmt::format("measured {} from now: a clock was set back", text_of_age(-found.age_s));
    } else if (found.limit_s > 0 && found.age_s > found.limit_s) {
        found.may_hold = true;
        found.reason =
            fmt::format("{} old, good for {} ({} may have changed)", text_of_age(found.age_s),
                        text_of_age(found.limit_s), info.why_ages);
    } else {
        found.state = NodeState::fresh;
        if (found.age_s < 0) {
            found.reason = "of unknown age";
        } else if (found.limit_s > 0) {
            found.reason = fmt::format("{} old, good for {}", text_of_age(found.age_s),
                                       text_of_age(found.limit_s));
        } else {
            found.reason = fmt::format("{} old, no limit", text_of_age(found.age_s));
        }
    }
    return found;
}

PerNode<Freshness> assess(const Record& record, const Wanted& wanted) {
    PerNode<Freshness> all;
    for (const NodeInfo& n : all_nodes()) {
        all[n.node] = assess(record, n.node, wanted);
        if (all[n.node].state != NodeState::fresh) continue;
        for (const Node input : n.inputs) {
            // What is merely old may turn out to be as it was.
            if (all[input].state == NodeState::fresh || all[input].may_hold) continue;
            all[n.node].state = NodeState::stale;
            all[n.node].reason = fmt::format("its input {} is {}", info_of(input).title,
                                             all[input].state == NodeState::failed    ? "bad"
                                             : all[input].state == NodeState::missing ? "missing"
                                                                                      : "stale");
        }
    }
    return all;
}

double age_limit_s(const Record& record, Node node) {
    const double usual = info_of(node).age_limit_s;
    const bool medium = node == Node::identity || node == Node::matrix || node == Node::validation;
    if (!medium || !record.drift) return usual;
    return std::min(usual, time_to_lose(*record.drift, spare_correlation));
}

std::string text_of_age(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} s", std::max(seconds, 0.0));
    if (seconds < 2 * hour_s) return fmt::format("{:.0f} min", seconds / 60);
    if (seconds < 2 * day_s) return fmt::format("{:.3g} h", seconds / hour_s);
    return fmt::format("{:.3g} d", seconds / day_s);
}

}  // namespace opal::calibration
