// Run faults: one case each.
#include "sim/faults/run_faults.h"

#include "sim/table/scene_time.h"

#include <algorithm>
#include <cassert>

namespace opal::sim {
namespace {

using hal::Duration;
using Entries = std::vector<ShownSequence::Entry>;
using Edges = std::vector<Duration>;

// From one entry's begin to the next one's.
Duration step(const Entries& entries) {
    return entries[1].begin - entries[0].begin;
}

// Entry 0 has to begin with the run: nothing, shown for no time, keeps its place.
void begin_dark(Entries& entries) {
    entries.insert(entries.begin(), {Duration{0}, Duration{0}, entries.front().light});
}

void shift_all(Entries& entries, Duration by) {
    for (auto& entry : entries) {
        entry.begin += by;
        entry.end += by;
    }
}

// Every pattern later by `by` than its edge.
void delay_patterns(ShownSequence& shown, Duration by) {
    shift_all(shown.entries, by);
    begin_dark(shown.entries);
    shown.period += by;
}

void lose_edges(Edges& edges, std::uint64_t first, double count) {
    const auto n = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), edges.size() - first);
    const auto at = edges.begin() + static_cast<std::ptrdiff_t>(first);
    edges.erase(at, at + static_cast<std::ptrdiff_t>(n));
}

// Takes every `k`-th edge away; returns how many.
std::uint64_t lose_every(Edges& edges, double every) {
    const auto k = static_cast<std::uint64_t>(every);
    Edges left;
    for (std::uint64_t i = 0; i < edges.size(); ++i)
        if ((i + 1) % k != 0) left.push_back(edges[i]);
    const std::uint64_t lost = edges.size() - left.size();
    edges = std::move(left);
    return lost;
}

void mix_patterns(Entries& entries, std::uint64_t at, double share) {
    ShownSequence::Entry& entry = entries[at];
    const Duration length = entry.end - entry.begin;
    entry.begin += from_microseconds(share * static_cast<double>(length.count()) * 1e-3);
    entries[at - 1].end = entry.begin;
}

// From entry `at` on the light of the entry behind it; the last one dark.
void slip(Entries& entries, std::uint64_t at) {
    for (std::size_t i = at; i + 1 < entries.size(); ++i) entries[i].light = entries[i + 1].light;
    entries.back().end = entries.back().begin;
}

void rotate(Entries& entries, std::uint64_t by) {
    Entries before = entries;
    for (std::size_t i = 0; i < entries.size(); ++i)
        entries[i].light = before[(i + by) % before.size()].light;
}

bool show_older(const RunTrouble& trouble, Entries& entries) {
    for (std::size_t tried = 0; tried < entries.size(); ++tried) {
        const std::size_t i = (trouble.frame + tried) % entries.size();
        if (auto light = trouble.older(i)) {
            entries[i].light = std::move(light);
            trouble.frame = i;
            return true;
        }
    }
    return false;
}

}  // namespace

bool spoil_sequence(const RunTrouble& trouble, ShownSequence& shown, Edges& edges) {
    Entries& entries = shown.entries;
    const auto& value = trouble.fault.values;
    const std::uint64_t count = entries.size();
    std::uint64_t& frame = trouble.frame;
    frame = std::min(frame, count - 1);
    switch (trouble.fault.kind) {
        case FaultKind::merged_triggers:
            edges.resize(1);
            break;
        case FaultKind::armed_late:
            frame = 0;
            lose_edges(edges, 0, value[0]);
            break;
        case FaultKind::edge_at_arm: {
            frame = 0;
            const Duration one = step(entries);
            delay_patterns(shown, one);
            for (Duration& edge : edges) edge += one;
            edges.insert(edges.begin(), Duration{0});
            break;
        }
        case FaultKind::dead_time:
            trouble.missed += lose_every(edges, value[0]);
            break;
        case FaultKind::late_mirrors:
            delay_patterns(shown, step(entries));
            break;
        case FaultKind::mixed_patterns:
            frame = std::max<std::uint64_t>(frame, 1);
            mix_patterns(entries, frame, value[0]);
            break;
        case FaultKind::old_pattern:
            return show_older(trouble, entries);
        case FaultKind::sequence_ends_early:
            frame = 1;
            entries.resize(1);
            edges.resize(1);
            break;
        case FaultKind::inverted_trigger:
            for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = entries[i].end;
            break;
        case FaultKind::hidden_black:
            for (std::size_t i = 0; i < count; ++i) {
                const Duration more = from_microseconds(value[0] * static_cast<double>(i));
                entries[i].begin += more;
                entries[i].end += more;
                edges[i] += more;
            }
            shown.period += from_microseconds(value[0] * static_cast<double>(count));
            break;
        case FaultKind::start_ignored:
            frame = 0;
            entries.resize(1);
            entries[0].end = entries[0].begin;
            edges.clear();
            break;
        case FaultKind::pattern_slip:
            frame = std::min(frame, count - 2);
            slip(entries, frame);
            break;
        case FaultKind::merged_pair:
            frame = std::min(frame, count - 2);
            entries[frame].end = entries[frame + 1].begin;
            lose_edges(edges, frame + 1, 1);
            break;
        case FaultKind::rotated_start:
            rotate(entries,
                   1 + static_cast<std::uint64_t>(trouble.chance * static_cast<double>(count - 1)));
            break;
        case FaultKind::sequencer_freeze:
            frame = std::min(frame, count - 2);
            entries.resize(frame + 1);
            entries.back().end = shown.period;
            edges.resize(frame + 1);
            break;
        case FaultKind::trigger_lost:
            lose_edges(edges, frame, value[0]);
            break;
        case FaultKind::extra_edge:
            frame = std::min(frame, count - 2);
            edges.insert(edges.begin() + static_cast<std::ptrdiff_t>(frame) + 1,
                         edges[frame] + (edges[frame + 1] - edges[frame]) / 2);
            break;
        case FaultKind::edge_jitter:
            edges[frame] += from_microseconds(value[0]);
            std::sort(edges.begin(), edges.end());
            break;
        default:
            assert(false);
    }
    return true;
}

}  // namespace opal::sim
