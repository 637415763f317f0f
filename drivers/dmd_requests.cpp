// DmdRequests: see dmd_requests.h.
#include "drivers/dmd_requests.h"

#include <fmt/format.h>

namespace opal::drivers {

namespace {

using hal::Duration;
using hal::ErrorKind;

double in_us(Duration d) {
    return static_cast<double>(d.count()) * 1e-3;
}

}  // namespace

void DmdRequests::check_stopped(bool running, const char* operation) const {
    if (running)
        fail(ErrorKind::wrong_state, operation, "a sequence is running; stop() comes first");
}

void DmdRequests::check_patterns(std::uint32_t first_slot,
                                 std::span<const hal::BitPattern> patterns) const {
    if (std::uint64_t{first_slot} + patterns.size() > info_.memory_patterns)
        fail(ErrorKind::out_of_range, "load",
             fmt::format("{} patterns from slot {} asked; slots 0 to {} exist", patterns.size(),
                         first_slot, info_.memory_patterns - 1));
    for (std::size_t i = 0; i < patterns.size(); ++i)
        if (patterns[i].rows() != info_.rows || patterns[i].columns() != info_.columns)
            fail(ErrorKind::out_of_range, "load",
                 fmt::format(
                     "pattern {} has {} x {} mirrors (rows x columns); this DMD has {} x {}", i,
                     patterns[i].rows(), patterns[i].columns(), info_.rows, info_.columns));
}

void DmdRequests::check_sequence(const hal::PatternSequence& sequence,
                                 const std::function<bool(std::uint32_t)>& loaded) const {
    const auto& entries = sequence.entries;
    if (entries.empty() || entries.size() > info_.max_entries)
        fail(ErrorKind::out_of_range, "program",
             fmt::format("{} entries asked; 1 to {} are possible", entries.size(),
                         info_.max_entries));
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const hal::SequenceEntry& entry = entries[i];
        if (entry.slot >= info_.memory_patterns)
            fail(ErrorKind::out_of_range, "program",
                 fmt::format("entry {}: slot {} asked; slots 0 to {} exist", i, entry.slot,
                             info_.memory_patterns - 1));
        if (!loaded(entry.slot))
            fail(ErrorKind::wrong_state, "program",
                 fmt::format("entry {}: slot {} was never loaded; load() comes first", i,
                             entry.slot));
        if (entry.start_on == hal::StartOn::trigger_in && !reach_.no_trigger_in.empty())
            fail(ErrorKind::unsupported, "program",
                 fmt::format("entry {}: {}; StartOn::previous_end is possible", i,
                             reach_.no_trigger_in));
        check_times(entry, i);
        const bool last = i + 1 == entries.size();
        const hal::SequenceEntry& next = entries[last ? 0 : i + 1];
        if ((!last || sequence.repeat) && next.trigger_out && entry.dark < info_.min_dark)
            fail(ErrorKind::out_of_range, "program",
                 fmt::format("entry {}: dark time {} us asked before a triggered entry; at least "
                             "{} us ends the trigger pulse",
                             i, in_us(entry.dark), in_us(info_.min_dark)));
        const hal::SequenceEntry& first = entries.front();
        const bool other = entry.exposure != first.exposure || entry.dark != first.dark;
        if (info_.one_timing && (other || !entry.trigger_out))
            fail(ErrorKind::unsupported, "program",
                 fmt::format("entry {}: this device has one exposure and one dark time for all "
                             "entries, and each sends a trigger",
                             i));
    }
}

void DmdRequests::check_times(const hal::SequenceEntry& entry, std::size_t index) const {
    if (entry.exposure < info_.min_exposure || entry.exposure > reach_.longest_exposure)
        fail(ErrorKind::out_of_range, "program",
             fmt::format("entry {}: exposure {} us asked; {} us to {} us is possible", index,
                         in_us(entry.exposure), in_us(info_.min_exposure),
                         in_us(reach_.longest_exposure)));
    if (entry.dark < Duration{0} || entry.dark > reach_.longest_dark)
        fail(ErrorKind::out_of_range, "program",
             fmt::format("entry {}: dark time {} us asked; 0 to {} us is possible", index,
                         in_us(entry.dark), in_us(reach_.longest_dark)));
    if (entry.exposure > reach_.longest_period - entry.dark)
        fail(ErrorKind::out_of_range, "program",
             fmt::format("entry {}: exposure {} us and dark time {} us asked; both together may "
                         "last {} us",
                         index, in_us(entry.exposure), in_us(entry.dark),
                         in_us(reach_.longest_period)));
    if (entry.exposure % info_.time_step != Duration{0} ||
        entry.dark % info_.time_step != Duration{0})
        fail(ErrorKind::out_of_range, "program",
             fmt::format("entry {}: exposure {} us and dark time {} us asked; this device counts "
                         "in steps of {} us",
                         index, in_us(entry.exposure), in_us(entry.dark), in_us(info_.time_step)));
}

}  // namespace opal::drivers
