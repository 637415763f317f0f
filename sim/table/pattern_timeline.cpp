// PatternTimeline: walks runs and entries by binary search; nothing is stored per pattern shown.
#include "sim/table/pattern_timeline.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace opal::sim {

using hal::Duration;

namespace {

// Adds [begin, end) of `light`, cut to what is not covered yet (`from`, moved on) and to `to`.
void append(std::vector<PatternTimeline::Stretch>& into,
            const std::shared_ptr<const ChannelAmplitudes>& light, Duration& from, Duration end,
            Duration to) {
    end = std::min(end, to);
    if (end <= from) return;
    if (!into.empty() && into.back().light == light && into.back().end == from)
        into.back().end = end;
    else
        into.push_back({light, from, end});
    from = end;
}

}  // namespace

PatternTimeline::PatternTimeline(Duration settle, ChannelAmplitudes all_off)
    : settle_(settle), all_off_(std::make_shared<const ChannelAmplitudes>(std::move(all_off))) {}

void PatternTimeline::show(std::shared_ptr<const ShownSequence> sequence, Duration at) {
    assert(sequence && !sequence->entries.empty() && sequence->period > Duration{0});
    show_nothing(at);
    const Duration stop = sequence->repeat ? Duration::max() : at + sequence->period;
    runs_.push_back({std::move(sequence), at, stop});
}

void PatternTimeline::show_nothing(Duration at) {
    if (!runs_.empty()) runs_.back().stop = std::min(runs_.back().stop, at);
}

void PatternTimeline::stretches(Duration from, Duration to, std::vector<Stretch>& into) const {
    // Commands act `settle_` later, so look that much earlier and shift the answer.
    const std::size_t first = into.size();
    from -= settle_;
    to -= settle_;
    // The last run that had started by `from`; runs before it were over then.
    auto run = std::upper_bound(runs_.begin(), runs_.end(), from,
                                [](Duration at, const Run& r) { return at < r.start; });
    if (run != runs_.begin()) --run;
    for (; run != runs_.end() && from < to; ++run) {
        append(into, all_off_, from, run->start, to);
        const Duration end = std::min(to, run->stop);
        if (from < end) {
            run_stretches(*run, from, end, into);
            from = end;
        }
    }
    append(into, all_off_, from, to, to);
    for (std::size_t i = first; i < into.size(); ++i) {
        into[i].begin += settle_;
        into[i].end += settle_;
    }
}

void PatternTimeline::run_stretches(const Run& run, Duration from, Duration to,
                                    std::vector<Stretch>& into) const {
    const ShownSequence& sequence = *run.sequence;
    const std::uint64_t count = sequence.entries.size();
    // Entry 0 begins with the run, so at least one has begun.
    std::uint64_t number = sequence.entries_begun(from - run.start) - 1;
    while (from < to) {
        const ShownSequence::Entry& entry = sequence.entries[number % count];
        const Duration round =
            run.start + static_cast<Duration::rep>(number / count) * sequence.period;
        const bool last = number % count + 1 == count;
        append(into, entry.light, from, round + entry.end, to);
        const Duration next =
            round + (last ? sequence.period : sequence.entries[number % count + 1].begin);
        append(into, all_off_, from, next, to);
        ++number;
    }
}

void PatternTimeline::forget(Duration before) {
    // Not stop + settle_: a sequence repeated for ever has no last moment to add to.
    while (!runs_.empty() && runs_.front().stop <= before - settle_) runs_.pop_front();
}

}  // namespace opal::sim
