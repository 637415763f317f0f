// RunSource: where a replayed run's rows come from: a file (RunReader), or memory (tests, fuzzing).
//
// Rule: rows are not trusted. Whoever follows a number out of one asks whether it leads anywhere.
#pragma once

#include "replay/rows.h"
#include "replay/run_facts.h"

#include <cstddef>

namespace opal::replay {

class RunSource {
public:
    virtual ~RunSource() = default;
    virtual const std::string& name() const = 0;
    virtual const RunFacts& facts() const = 0;
    virtual std::uint64_t rows(Table table) const = 0;
    // Rows [first, first + count) to `into`; they must exist (asserts). Throws RecordingError if
    // they cannot be read: the disk, or a checksum.
    virtual void read(Table table, std::uint64_t first, std::size_t count, void* into) = 0;
};

}  // namespace opal::replay
