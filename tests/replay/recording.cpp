// What a recording holds: everything, once, and readable whatever happened to its writer.
#include "replay/pattern_rows.h"
#include "replay/recording_bench.h"
#include "replay/run_reader.h"
#include "replay/run_writer.h"
#include "tests/replay/scripted_run.h"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <memory>

using namespace opal;
using namespace opal::replay;
using namespace opal::tests;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> record(const std::filesystem::path& file, const Script& script = {}) {
    const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    Recording recording(file, {facts_of(*bench), {{"opal", "a test"}}, {}});
    RecordingBench recorder(*bench, recording, {}, 0);
    return scripted_run(recorder, script);
}

}  // namespace

TEST_CASE("being recorded changes nothing a run can see") {
    const ScratchFile file("same.h5");
    const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    CHECK(record(file.path()) == scripted_run(*bench, {}));
}

TEST_CASE("a pattern is stored once, in the lines it has") {
    hal::BitPattern pattern(6, 70);
    pattern.fill(2, 65, 2, 3, true);
    const PatternRuns runs = runs_of(pattern);
    // Rows 0 and 1 dark, 2 and 3 with mirrors 65 to 67, the rest dark: typed out by hand.
    CHECK(runs.ends == std::vector<std::uint32_t>{2, 4, 6});
    CHECK(runs.words == std::vector<std::uint64_t>{0, 0, 0, 0b1110, 0, 0});
    hal::BitPattern again(6, 70);
    for (int row = 2; row < 4; ++row)
        for (int column = 65; column < 68; ++column) again.set(row, column, true);
    CHECK(runs_of(again) == runs);
    CHECK(hash_of(runs_of(again)) == hash_of(runs));
    again.set(5, 69, true);
    CHECK(hash_of(runs_of(again)) != hash_of(runs));

    const ScratchFile file("once.h5");
    record(file.path());  // shows three patterns twice
    RunReader reader(file.path());
    CHECK(reader.rows(Table::patterns) == 3);
    CHECK(reader.rows(Table::loaded) == 6);
    CHECK(reader.rows(Table::frames) == 6);
    CHECK(reader.facts().about_or("opal", "") == "a test");
}

TEST_CASE("what a bench is comes back, every word of it") {
    BenchFacts facts;
    facts.name = "blue table";
    facts.identity = "sha256:0123";
    facts.laser_limit_mw = 12.5;
    facts.dmd = {"LightCrafter", "D-7", 684,  608, 7.637, 235us, 21us, 3us, 96,
                 1000,           1us,   true, true};
    facts.camera = {"VirtualGigE",
                    "C-9",
                    1024,
                    1280,
                    16,
                    4.8,
                    {hal::PixelFormat::mono8, hal::PixelFormat::mono12},
                    17us,
                    10s,
                    5s};
    facts.camera_settings = {
        {32, 48, 64, 80}, hal::PixelFormat::mono12, 123us, 45us, hal::TriggerSource::line};
    facts.laser = {"DLC pro", "L-3", 640.5, 40, 90s};
    const ScratchFile file("facts.h5");
    {
        RunWriter writer(file.path(), {facts, {{"opal", "1"}}, {{"record", {std::byte{7}}}}});
        writer.close();
    }
    const RunReader reader(file.path());
    const BenchFacts& read = reader.facts().bench;
    CHECK(read.name == facts.name);
    CHECK(read.identity == facts.identity);
    CHECK(read.laser_limit_mw == facts.laser_limit_mw);
    CHECK(read.dmd.model == facts.dmd.model);
    CHECK(read.dmd.serial == facts.dmd.serial);
    CHECK(read.dmd.rows == 684);
    CHECK(read.dmd.columns == 608);
    CHECK(read.dmd.pitch_um == 7.637);
    CHECK(read.dmd.min_exposure == 235us);
    CHECK(read.dmd.min_dark == 21us);
    CHECK(read.dmd.settle_time == 3us);
    CHECK(read.dmd.memory_patterns == 96);
    CHECK(read.dmd.max_entries == 1000);
    CHECK(read.dmd.time_step == 1us);
    CHECK(read.dmd.one_timing);
    CHECK(read.dmd.loading_is_slow);
    CHECK(read.camera.model == facts.camera.model);
    CHECK(read.camera.serial == facts.camera.serial);
    CHECK(read.camera.sensor_rows == 1024);
    CHECK(read.camera.sensor_columns == 1280);
    CHECK(read.camera.region_step_px == 16);
    CHECK(read.camera.pitch_um == 4.8);
    CHECK(read.camera.formats == facts.camera.formats);
    CHECK(read.camera.min_exposure == 17us);
    CHECK(read.camera.max_exposure == 10s);
    CHECK(read.camera.max_trigger_delay == 5s);
    CHECK(read.camera_settings == facts.camera_settings);
    CHECK(read.laser.model == facts.laser.model);
    CHECK(read.laser.serial == facts.laser.serial);
    CHECK(read.laser.wavelength_nm == 640.5);
    CHECK(read.laser.max_power_mw == 40);
    CHECK(read.laser.warm_up == 90s);
    REQUIRE(reader.facts().files.size() == 1);
    CHECK(reader.facts().files[0].bytes == std::vector<std::byte>{std::byte{7}});
}

TEST_CASE("what was flushed is there although the writer never closed the file") {
    const ScratchFile file("killed.h5");
    const ScratchFile copy("copy.h5");
    const auto bench = sim::make_simulated_bench(contract::small_scene(), {2, nullptr});
    Recording recording(file.path(), {facts_of(*bench), {}, {}});
    RecordingBench recorder(*bench, recording, {}, 0);
    scripted_run(recorder, {});
    REQUIRE_FALSE(recording.flush());
    // What the disk would hold if the program died now.
    std::filesystem::copy_file(file.path(), copy.path());
    RunReader reader(copy.path());
    CHECK(reader.rows(Table::frames) == 6);
    CHECK(reader.rows(Table::events) > 50);
}

TEST_CASE("files that are no recordings, or damaged ones, are refused in one line") {
    const auto refusal = [](const std::filesystem::path& path) -> std::string {
        try {
            RunReader reader(path);
            std::vector<std::uint8_t> bytes(reader.rows(Table::frame_bytes));
            reader.read(Table::frame_bytes, 0, bytes.size(), bytes.data());
        } catch (const RecordingError& e) {
            return e.what();
        }
        return {};
    };
    const ScratchFile missing("missing.h5");
    CHECK(refusal(missing.path()).find("no such recording") != std::string::npos);
    const ScratchFile text("text.h5");
    std::ofstream(text.path()) << "not HDF5";
    CHECK(refusal(text.path()).find("not an HDF5 file") != std::string::npos);

    const ScratchFile good("good.h5");
    record(good.path());
    CHECK(refusal(good.path()).empty());
    const auto size = std::filesystem::file_size(good.path());
    const ScratchFile cut("cut.h5");
    std::filesystem::copy_file(good.path(), cut.path());
    std::filesystem::resize_file(cut.path(), size / 2);
    CHECK_FALSE(refusal(cut.path()).empty());

    // A changed bit of a frame is found by its chunk's checksum. Frames are most of the file: one
    // of these places lies in them.
    bool found = false;
    for (const auto part : {3, 4, 5, 6}) {
        const ScratchFile flipped("flipped.h5");
        std::filesystem::copy_file(good.path(), flipped.path(),
                                   std::filesystem::copy_options::overwrite_existing);
        std::fstream bytes(flipped.path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto at = static_cast<std::streamoff>(size * static_cast<std::uintmax_t>(part) / 8);
        bytes.seekg(at);
        const char old = static_cast<char>(bytes.get());
        bytes.seekp(at);
        bytes.put(static_cast<char>(old ^ 0x10));
        bytes.close();
        found = found || refusal(flipped.path()).find("checksum") != std::string::npos;
    }
    CHECK(found);
}

TEST_CASE("a file that is no recording is not overwritten") {
    const ScratchFile file("precious.h5");
    std::ofstream(file.path()) << "precious";
    CHECK_THROWS_WITH_AS(record(file.path()), doctest::Contains("it is no recording"),
                         RecordingError);
    std::ifstream in(file.path());
    std::string text;
    in >> text;
    CHECK(text == "precious");
}
