// Fuzz target: recordings (replay/). The bytes of an input are the tables' rows as the file would
// hold them, without HDF5 around them: libhdf5's own parsers are not ours to test, and what they
// hand over may be anything.
//
// An input is, for each table in order, the number of its bytes (4, little-endian) and the bytes.
#include "replay/recording_bench.h"
#include "replay/replay_bench.h"
#include "replay/run_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/replay/scripted_run.h"

#include <array>
#include <cstring>

namespace opal::fuzz {

namespace {

using namespace opal::replay;

std::size_t row_bytes(Table table, const hal::DmdInfo& dmd) {
    switch (table) {
        case Table::events:
            return sizeof(EventRow);
        case Table::frames:
            return sizeof(FrameRow);
        case Table::patterns:
            return sizeof(PatternRow);
        case Table::runs:
            return sizeof(std::uint32_t);
        case Table::lines:
            return 8 * static_cast<std::size_t>((dmd.columns + 63) / 64);
        case Table::loaded:
            return sizeof(std::uint64_t);
        case Table::sequences:
            return sizeof(SequenceRow);
        case Table::settings:
            return sizeof(SettingsRow);
        case Table::frame_bytes:
        case Table::texts:
            return 1;
    }
    return 1;
}

RunFacts small_facts() {
    const auto bench = sim::make_simulated_bench(contract::small_scene(), {1, nullptr});
    return {facts_of(*bench), {}, {}};
}

class MemorySource final : public RunSource {
public:
    MemorySource(const RunFacts& facts, std::span<const std::byte> input) : facts_(facts) {
        for (int t = 0; t < table_count && input.size() >= 4; ++t) {
            std::uint32_t size = 0;
            std::memcpy(&size, input.data(), 4);
            input = input.subspan(4);
            const std::size_t take = std::min<std::size_t>(size, input.size());
            tables_[static_cast<std::size_t>(t)].assign(input.begin(), input.begin() + take);
            input = input.subspan(take);
        }
    }
    const std::string& name() const override { return name_; }
    const RunFacts& facts() const override { return facts_; }
    std::uint64_t rows(Table table) const override {
        return tables_[static_cast<std::size_t>(table)].size() / row_bytes(table, facts_.bench.dmd);
    }
    void read(Table table, std::uint64_t first, std::size_t count, void* into) override {
        require(first <= rows(table) && count <= rows(table) - first,
                "only rows that exist are read");
        const std::size_t size = row_bytes(table, facts_.bench.dmd);
        if (count > 0)
            std::memcpy(into, tables_[static_cast<std::size_t>(table)].data() + first * size,
                        count * size);
    }

private:
    const RunFacts& facts_;
    std::string name_ = "input.h5";
    std::array<std::vector<std::byte>, table_count> tables_;
};

Bytes tables_of(RunSource& source) {
    Bytes bytes;
    for (int t = 0; t < table_count; ++t) {
        const auto table = static_cast<Table>(t);
        const auto size = row_bytes(table, source.facts().bench.dmd);
        std::vector<std::uint8_t> rows(static_cast<std::size_t>(source.rows(table)) * size);
        source.read(table, 0, static_cast<std::size_t>(source.rows(table)), rows.data());
        const auto count = static_cast<std::uint32_t>(rows.size());
        std::uint8_t head[4];
        std::memcpy(head, &count, 4);
        bytes.insert(bytes.end(), head, head + 4);
        bytes.insert(bytes.end(), rows.begin(), rows.end());
    }
    return bytes;
}

}  // namespace

std::vector<Bytes> seeds() {
    const tests::ScratchFile file("fuzz.h5");
    {
        const auto bench = sim::make_simulated_bench(contract::small_scene(), {1, nullptr});
        Recording recording(file.path(), small_facts());
        RecordingBench recorder(*bench, recording, {}, 0);
        tests::scripted_run(recorder, {});
    }
    RunReader reader(file.path());
    return {tables_of(reader)};
}

std::vector<std::string> words() {
    // Numbers that lead past the end of a table, and kinds that do not exist.
    return {std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8),
            std::string("\0\0\0\0\0\0\0\x80", 8), std::string("\x7F\xFF\xFF\xFF", 4),
            std::string("\x63\xFF", 2)};
}

void feed(std::span<const std::byte> input) {
    static const RunFacts facts = small_facts();
    Playback playback(std::make_unique<MemorySource>(facts, input));
    try {
        ReplayBench bench(playback, {}, 0);
        tests::scripted_run(bench, {});
        playback.commands_left();
    } catch (const hal::DeviceError& e) {
        require_one_line(e.what());
    } catch (const RecordingError& e) {
        require_one_line(e.what());
    } catch (const std::runtime_error&) {
        // A recorded fault that was no device's, given again.
    }
}

}  // namespace opal::fuzz
