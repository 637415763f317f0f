// Tape: see tape.h.
#include "replay/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace opal::replay {

namespace {

constexpr std::size_t events_per_block = 1024;
constexpr std::uint64_t most_text = 1 << 20;  // bytes of one message

// What a call carries: the part of a row that is asked, not answered.
bool same_question(const EventRow& a, const EventRow& b) {
    if (a.what != b.what) return false;
    switch (static_cast<What>(a.what)) {
        case What::dmd_load:
        case What::dmd_program:
            return a.a == b.a && a.count == b.count;
        case What::camera_arm:
            return a.a == b.a;
        case What::laser_arm:
        case What::laser_set_power:
            // NaN is asked for by tests of limits, and is itself here.
            return a.x == b.x || (a.x != a.x && b.x != b.x);
        default:
            return true;
    }
}

bool is_clean_up(const EventRow& e) {
    const auto what = static_cast<What>(e.what);
    return what == What::laser_off || what == What::dmd_stop || what == What::camera_disarm;
}

bool is_state(const EventRow& e) {
    const auto what = static_cast<What>(e.what);
    return what == What::laser_status || what == What::dmd_status || what == What::camera_status;
}

// Takes one `what` out of the list; false if there is none.
bool settle(std::vector<std::uint8_t>& calls, std::uint8_t what) {
    const auto at = std::find(calls.begin(), calls.end(), what);
    if (at == calls.end()) return false;
    calls.erase(at);
    return true;
}

}  // namespace

bool is_clock(const EventRow& e) {
    const auto what = static_cast<What>(e.what);
    return what == What::clock_now || what == What::clock_wait || what == What::host_clock;
}

void Playback::Tape::damaged(const std::string& what) const {
    throw RecordingError(fmt::format("{}: {}; the recording is damaged", source->name(), what));
}

const EventRow* Playback::Tape::event(std::uint64_t number) {
    const std::uint64_t all = source->rows(Table::events);
    if (number >= all) return nullptr;
    if (number < block_first || number >= block_first + block.size()) {
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(events_per_block, all - number));
        block = rows<EventRow>(Table::events, number, count);
        block_first = number;
    }
    const EventRow& found = block[static_cast<std::size_t>(number - block_first)];
    if (found.what >= kinds_of_events)
        damaged(fmt::format("event {} is of the unknown kind {}", number, found.what));
    return &found;
}

const EventRow* Playback::Tape::next_command() {
    for (;;) {
        const EventRow* const e = event(next);
        if (e == nullptr) return e;
        if (!is_clock(*e) && !settle(early, e->what)) return e;
        now_ns = std::max(now_ns, e->end_ns);
        ++next;
    }
}

void Playback::Tape::depart(const EventRow& asked, const SettingsRow& wanted,
                            const std::string& recorded) {
    const std::string question = text_of(asked, wanted);
    if (departed.empty())
        departed =
            fmt::format("at event {} {} was asked for; recorded is {}", next, question, recorded);
    throw hal::DeviceError(
        hal::ErrorKind::refused, source->name(), "replay",
        fmt::format("the run departs from the recording: {}. A replay answers the command it was "
                    "recorded with, with the same options, files and program version",
                    departed));
}

const EventRow* Playback::Tape::beyond_clean_up(const EventRow& asked) {
    std::uint64_t at = next;
    std::vector<std::uint8_t> passed;
    for (const EventRow* e = event(at); e != nullptr; e = event(++at)) {
        if (is_clean_up(*e)) {
            passed.push_back(e->what);
        } else if (!is_clock(*e)) {
            if (passed.empty() || !same_question(asked, *e)) return nullptr;
            late.insert(late.end(), passed.begin(), passed.end());
            next = at;
            return e;
        }
    }
    return nullptr;
}

EventRow Playback::Tape::take(const EventRow& asked, const SettingsRow& wanted, bool safe) {
    EventRow harmless = asked;
    harmless.fault = 0;
    if (departed.empty()) {
        if (safe && settle(late, asked.what)) return harmless;
        const EventRow* found = next_command();
        if (found != nullptr && is_state(asked) && is_clean_up(*found)) {
            found = beyond_clean_up(asked);
            if (found == nullptr) found = event(next);
        }
        if (found != nullptr && is_clean_up(asked) && is_state(*found)) {
            early.push_back(asked.what);
            return harmless;
        }
        if (!late.empty() && !is_state(asked) && !is_clean_up(asked))
            depart(asked, wanted, "a clean-up call, which was not made");
        SettingsRow recorded;
        if (found != nullptr && static_cast<What>(found->what) == What::camera_configure)
            recorded = rows<SettingsRow>(Table::settings, found->first, 1)[0];
        const bool same = found != nullptr && same_question(asked, *found) &&
                          (static_cast<What>(asked.what) != What::camera_configure ||
                           text_of(wanted) == text_of(recorded));
        if (same) {
            now_ns = std::max(now_ns, found->end_ns);
            ++next;
            return *found;
        }
        if (!safe)
            depart(asked, wanted,
                   found == nullptr
                       ? fmt::format("nothing more: the recording ends after {} events",
                                     source->rows(Table::events))
                       : text_of(*found, recorded));
        departed = fmt::format("at event {} {} was asked for; recorded is {}", next,
                               text_of(asked, wanted),
                               found == nullptr ? "the end" : text_of(*found, recorded));
    }
    if (!safe) depart(asked, wanted, "");
    return harmless;
}

void Playback::Tape::rethrow(const EventRow& e) {
    if (e.fault == 0) return;
    std::string whole = text(e);
    // Three lines by the format; a message is one, whatever a damaged file says.
    std::size_t lines = 0;
    for (char& c : whole)
        if (c == '\n' && ++lines > 2) c = ' ';
    if (e.fault == foreign_fault) throw std::runtime_error(whole);
    if (e.fault > 1 + static_cast<int>(hal::ErrorKind::unsupported))
        damaged(fmt::format("a fault of the unknown kind {}", e.fault));
    const std::size_t first = std::min(whole.find('\n'), whole.size());
    const std::size_t second = std::min(whole.find('\n', first + 1), whole.size());
    const auto after = [&](std::size_t at) { return std::min(at + 1, whole.size()); };
    throw hal::DeviceError(static_cast<hal::ErrorKind>(e.fault - 1), whole.substr(0, first),
                           whole.substr(after(first), second - after(first)),
                           whole.substr(after(second)));
}

void Playback::Tape::require(std::uint64_t first, std::uint64_t count, Table table) {
    const std::uint64_t all = source->rows(table);
    if (first > all || count > all - first)
        damaged(fmt::format("rows {} to {} of a table of {} are pointed to", first, first + count,
                            all));
}

std::string Playback::Tape::text(const EventRow& e) {
    if (e.text_bytes > most_text) damaged("a message has an impossible length");
    const auto bytes = rows<char>(Table::texts, e.text_first, e.text_bytes);
    return {bytes.begin(), bytes.end()};
}

PatternRuns Playback::Tape::pattern(std::uint64_t number) {
    PatternRuns runs;
    if (number == foreign_pattern) return runs;
    const auto row = rows<PatternRow>(Table::patterns, number, 1)[0];
    const hal::DmdInfo& dmd = source->facts().bench.dmd;
    if (row.runs > static_cast<std::uint64_t>(dmd.rows))
        damaged(fmt::format("pattern {} has {} lines on {} rows", number, row.runs, dmd.rows));
    runs.ends = rows<std::uint32_t>(Table::runs, row.first_run, row.runs);
    require(row.first_run, row.runs, Table::lines);
    runs.words.resize(static_cast<std::size_t>(row.runs) *
                      static_cast<std::size_t>((dmd.columns + 63) / 64));
    source->read(Table::lines, row.first_run, static_cast<std::size_t>(row.runs),
                 runs.words.data());
    return runs;
}

}  // namespace opal::replay
