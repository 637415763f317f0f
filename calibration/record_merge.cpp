// RecordMerge: see record_merge.h.
#include "calibration/record_merge.h"

#include <algorithm>
#include <utility>

namespace opal::calibration {

namespace {

bool made_as_wanted(const Verdict& verdict, Node node, const Wanted& wanted) {
    return (!wanted.bench || *wanted.bench == verdict.bench) &&
           (!wanted.options[node] || *wanted.options[node] == verdict.options);
}

// A time that is still to come is none: a clock was set back since.
double last_time_s(const Verdict& verdict, const Wanted& wanted) {
    const double time = std::max(verdict.measured_utc_s, verdict.confirmed_utc_s);
    return wanted.now_utc_s > 0 && time > wanted.now_utc_s + 1 ? 0 : time;
}

bool is_later(const Record& left, const Record& finished, Node node, const Wanted& wanted) {
    const Verdict* const later = verdict_of(left, node);
    const Verdict* const earlier = verdict_of(finished, node);
    if (later == nullptr || earlier == nullptr) return later != nullptr;
    const bool fits = made_as_wanted(*later, node, wanted);
    if (fits != made_as_wanted(*earlier, node, wanted)) return fits;
    return last_time_s(*later, wanted) >= last_time_s(*earlier, wanted);
}

// The result, and the settings that came with it.
void take(Node node, const Record& from, Record& into) {
    switch (node) {
        case Node::dark:
            into.dark = from.dark;
            into.holography.black_level_dn = from.holography.black_level_dn;
            return;
        case Node::exposure:
            into.exposure = from.exposure;
            into.laser_power_mw = from.laser_power_mw;
            return;
        case Node::carrier: {
            into.carrier = from.carrier;
            Holography agreed = from.holography;
            agreed.black_level_dn = into.holography.black_level_dn;
            agreed.reference_dn = std::move(into.holography.reference_dn);
            into.holography = std::move(agreed);
            return;
        }
        case Node::photon_transfer:
            into.photon_transfer = from.photon_transfer;
            return;
        case Node::reference:
            into.reference = from.reference;
            into.holography.reference_dn = from.holography.reference_dn;
            return;
        case Node::map:
            into.map = from.map;
            return;
        case Node::identity:
            into.identity = from.identity;
            return;
        case Node::drift:
            into.drift = from.drift;
            return;
        case Node::matrix:
            into.matrix = from.matrix;
            return;
        case Node::validation:
            into.validation = from.validation;
            return;
    }
}

}  // namespace

Record merge(Record finished, const Record& left, const Wanted& wanted) {
    for (const NodeInfo& n : all_nodes())
        if (is_later(left, finished, n.node, wanted)) take(n.node, left, finished);
    finished.timing = agreed_timing(finished);
    return finished;
}

Timing agreed_timing(const Record& record) {
    if (record.map) return record.map->timing;
    if (record.carrier) return record.carrier->timing;
    if (record.exposure) return record.exposure->timing;
    return {};
}

}  // namespace opal::calibration
