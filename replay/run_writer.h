// RunWriter: rows -> HDF5 file, in bounded memory. Between RecordingBench and the disk.
//
// The file is written in HDF5's single-writer mode [HDF5 1.10, SWMR]: after every flush() it can be
// read as far as it goes, also by somebody else while the run goes on, and also if this program is
// killed in the next moment. Tables are chunked and carry a Fletcher-32 checksum per chunk.
#pragma once

#include "replay/rows.h"
#include "replay/run_facts.h"

#include <filesystem>
#include <memory>
#include <span>

namespace opal::replay {

class RunWriter {
public:
    // Makes the file; one that is there is replaced if it is a recording, and refused otherwise.
    // Throws RecordingError, from here on and in every call.
    RunWriter(const std::filesystem::path& file, const RunFacts& facts);
    ~RunWriter();  // flushes as well as it can; call close() to hear of errors
    RunWriter(const RunWriter&) = delete;
    RunWriter& operator=(const RunWriter&) = delete;

    // Rows a table has, those not flushed included: where the next append() begins.
    std::uint64_t rows(Table table) const;
    void append(Table table, const void* rows, std::size_t count);
    template <typename Row>
    void append(Table table, const Row& row) {
        append(table, &row, 1);
    }
    void flush();
    void close();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace opal::replay
