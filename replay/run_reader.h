// RunReader: a recording's file -> rows, in bounded memory: a block of events at a time, frames and
// patterns when they are asked for.
#pragma once

#include "replay/run_source.h"

#include <filesystem>
#include <memory>

namespace opal::replay {

class RunReader final : public RunSource {
public:
    // Throws RecordingError for what is no recording, another version's, or damaged. A recording
    // whose writer was killed is read as far as it was flushed.
    explicit RunReader(const std::filesystem::path& file);
    ~RunReader() override;

    const std::string& name() const override;
    const RunFacts& facts() const override;
    std::uint64_t rows(Table table) const override;
    void read(Table table, std::uint64_t first, std::size_t count, void* into) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace opal::replay
