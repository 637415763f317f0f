// Tape: the place in a recording, and the one way forward on it. Shared by the devices of a
// ReplayBench; safe from several threads.
#pragma once

#include "hal/error.h"
#include "replay/event_text.h"
#include "replay/pattern_rows.h"
#include "replay/replay_bench.h"

#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace opal::replay {

// Clock events may be asked for more or less often than they were.
bool is_clock(const EventRow& event);

struct Playback::Tape {
    explicit Tape(std::unique_ptr<RunSource> from) : source(std::move(from)) {}

    // Everything below with the mutex held.
    std::mutex mutex;
    std::unique_ptr<RunSource> source;
    std::uint64_t next = 0;   // event to come
    std::int64_t now_ns = 0;  // of the clock
    bool open = false;        // inside of an opening
    std::string departed;     // why nothing is answered any more; empty: all is well
    // Calls that clean up may come from another thread, and then a little earlier or later than
    // they were recorded. early: asked before their row was reached. late: rows passed by a
    // question after a device's state, still to be asked before anything else is.
    std::vector<std::uint8_t> early;
    std::vector<std::uint8_t> late;
    std::vector<EventRow> block;  // events from block_first on
    std::uint64_t block_first = 0;

    // The event at `number`; nullptr past the end. It lives until the next call.
    const EventRow* event(std::uint64_t number);
    // Passes clock events.
    const EventRow* next_command();
    // The row that the question `asked` after a state finds beyond clean-up calls nobody has made
    // yet, which become late; nullptr if it finds none.
    const EventRow* beyond_clean_up(const EventRow& asked);
    // The call that is made now, described by `asked`: its recorded event, or DeviceError. A call
    // that cleans up (`safe`) gives a row without fault where there is none.
    EventRow take(const EventRow& asked, const SettingsRow& wanted, bool safe);
    // As recorded: throws the fault it ended in, if it did.
    void rethrow(const EventRow& event);
    [[noreturn]] void depart(const EventRow& asked, const SettingsRow& wanted,
                             const std::string& recorded);

    // Rows an event points to; a recording that points nowhere is refused.
    template <typename Row>
    std::vector<Row> rows(Table table, std::uint64_t first, std::uint64_t count) {
        require(first, count, table);
        std::vector<Row> result(count);
        source->read(table, first, count, result.data());
        return result;
    }
    void require(std::uint64_t first, std::uint64_t count, Table table);
    std::string text(const EventRow& event);
    PatternRuns pattern(std::uint64_t number);
    [[noreturn]] void damaged(const std::string& what) const;
};

}  // namespace opal::replay
