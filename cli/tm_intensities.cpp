// TmIntensities: see tm_intensities.h.
#include "cli/tm_intensities.h"

#include "calibration/intensity_matrix.h"
#include "calibration/record.h"
#include "cli/bench_choice.h"
#include "cli/files.h"
#include "cli/pixel_size.h"
#include "cli/progress.h"
#include "cli/tm_compare.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <stdexcept>

namespace opal::cli {

namespace {

struct Wishes {
    BenchChoice bench;
    // Whether these were asked for; what was not is taken from a record that is named.
    bool inputs = false;
    bool size = false;
    bool modes = false;
    calibration::IntensityOptions measurement;
    std::string region = "128x128";
    std::string pitch = "4x4";
    std::string out;
};

class Watcher final : public calibration::Observer {
public:
    explicit Watcher(const Terminal& terminal) : progress_(terminal, "intensities", "frames") {}
    void progress(std::size_t done, std::size_t total) override {
        progress_.update(static_cast<double>(done), static_cast<double>(total));
    }

private:
    Progress progress_;
};

// The record to be compared with, if one is named: the same inputs, pixels and modes.
std::optional<calibration::Record> model(Wishes& wishes) {
    if (wishes.bench.record.empty()) return std::nullopt;
    auto record = calibration::load_record(wishes.bench.record);
    const calibration::Holography& h = record.holography;
    auto& m = wishes.measurement;
    if (!record.matrix)
        throw BadInput(fmt::format("{}: this record has no transmission matrix to compare with",
                                   wishes.bench.record));
    if (!wishes.inputs) m.inputs = record.inputs;
    if (!wishes.size) wishes.region = fmt::format("{}x{}", h.region.rows, h.region.columns);
    if (!wishes.modes) wishes.pitch = fmt::format("{}x{}", h.pitch_rows_px, h.pitch_columns_px);
    return record;
}

ExitCode measure(Session& session, Wishes& wishes) {
    auto& m = wishes.measurement;
    const auto record = model(wishes);
    const auto [rows, columns] = read_pixels("--region", wishes.region);
    const auto [pitch_rows, pitch_columns] = read_pixels("--pitch", wishes.pitch);
    m.region_rows = rows;
    m.region_columns = columns;
    m.pitch_rows_px = pitch_rows;
    m.pitch_columns_px = pitch_columns;
    m.created_by = "opal " OPAL_VERSION;
    require_writable(wishes.out);
    const auto opened = wishes.bench.open(session);
    session.terminal.note(
        fmt::format("measuring {} without its reference arm", opened->bench().name()));
    calibration::IntensityMatrix found;
    {
        Watcher watcher(session.terminal);
        found = calibration::measure_intensities(opened->bench(), m, watcher,
                                                 session.interruption.token());
    }
    const bool good = found.verdict.passed;
    session.terminal.print(fmt::format(
        "  {}  {:<20} {}\n", session.terminal.out(good ? Ink::good : Ink::bad, good ? "ok" : "NO"),
        "intensities", found.verdict.text));
    if (!good) return exit_negative;
    calibration::save_intensities(found, wishes.out);
    session.terminal.print(fmt::format("matrix: {}\n", wishes.out));
    if (record) return compare_matrices(session, wishes.bench.record, wishes.out, 0);
    return exit_success;
}

struct Doubts {
    BenchChoice bench;
    std::string matrix;
    std::uint64_t seed = 2;
    double least = 0;
};

ExitCode validate(Session& session, Doubts& doubts) {
    const auto known = calibration::load_intensities(doubts.matrix);
    const auto opened = doubts.bench.open(session);
    calibration::IntensityMatrix found;
    try {
        Watcher watcher(session.terminal);
        found = calibration::validate_intensities(opened->bench(), known, doubts.seed, watcher,
                                                  session.interruption.token());
    } catch (const std::invalid_argument& e) {
        throw BadInput(fmt::format("{}: {}", doubts.matrix, e.what()));
    }
    const bool good = found.verdict.passed && found.correlation.value >= doubts.least;
    session.terminal.print(fmt::format(
        "  {}  {:<20} {}\n", session.terminal.out(good ? Ink::good : Ink::bad, good ? "ok" : "NO"),
        "intensities", found.verdict.text));
    return good ? exit_success : exit_negative;
}

void add_validate(CLI::App& tm, Session& session) {
    const auto doubts = std::make_shared<Doubts>();
    CLI::App* const command = tm.add_subcommand(
        "validate", "does a matrix of intensities still predict what the bench shows?");
    command->add_option("MATRIX", doubts->matrix, "what opal tm intensities wrote")->required();
    doubts->bench.add_options(*command);
    command->add_option("--seed", doubts->seed, "of the patterns shown")->capture_default_str();
    command
        ->add_option("--least", doubts->least,
                     "exit code 3 if prediction and measurement correlate by less than this; by "
                     "less than 0.98 it is 3 anyway")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->footer(
        "Example:\n"
        "  opal tm validate B.h5 --set reference.blocked=true\n");
    command->callback([&session, doubts] {
        session.action = [&session, doubts] { return validate(session, *doubts); };
    });
}

}  // namespace

void add_tm_intensities(CLI::App& tm, Session& session) {
    const auto wishes = std::make_shared<Wishes>();
    CLI::App* const command = tm.add_subcommand(
        "intensities", "measure a real matrix with the reference arm blocked, from intensities");
    command->add_option("OUT", wishes->out, "HDF5 file to write")->required();
    wishes->bench.add_options(*command);
    wishes->bench.add_record_option(*command);
    const auto* const inputs =
        command->add_option("--inputs", wishes->measurement.inputs, "components of the vectors")
            ->capture_default_str()
            ->check(CLI::Range(1, 1 << 24));
    const auto* const region =
        command->add_option("--region", wishes->region, "pixels of the camera to use")
            ->type_name("ROWSxCOLUMNS")
            ->capture_default_str();
    const auto* const pitch = command
                                  ->add_option("--pitch", wishes->pitch,
                                               "pixels from mode to mode, as opal calibrate found "
                                               "them")
                                  ->type_name("ROWSxCOLUMNS")
                                  ->capture_default_str();
    command
        ->add_option("--power", wishes->measurement.laser_power_mw,
                     "laser power in mW; 0: the bench's limit")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command->add_option("--seed", wishes->measurement.seed, "of the patterns")
        ->capture_default_str();
    command->footer(
        "The arm is blocked by hand, or --set reference.blocked=true. Four intensities make one\n"
        "linear projection: (I(d) - I(1-d) + I(all) - I(none)) / 2 = B d, B real. Exit code 3 if\n"
        "patterns that were not shown before are not predicted. With --calibration inputs, pixels\n"
        "and modes are that record's, and the two matrices are compared at the end.\n"
        "\n"
        "Examples:\n"
        "  opal tm intensities B.h5 --set reference.blocked=true\n"
        "  opal tm intensities B.h5 --set reference.blocked=true --calibration lab.h5\n");
    command->callback([&session, wishes, inputs, region, pitch] {
        wishes->inputs = inputs->count() > 0;
        wishes->size = region->count() > 0;
        wishes->modes = pitch->count() > 0;
        session.action = [&session, wishes] { return measure(session, *wishes); };
    });
    add_validate(tm, session);
}

}  // namespace opal::cli
