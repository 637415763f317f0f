// TmIntensities: see tm_intensities.h.
#include "cli/tm_intensities.h"

#include "calibration/intensity_matrix.h"
#include "cli/bench_choice.h"
#include "cli/files.h"
#include "cli/pixel_size.h"
#include "cli/progress.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace opal::cli {

namespace {

struct Wishes {
    BenchChoice bench;
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

ExitCode measure(Session& session, Wishes& wishes) {
    auto& m = wishes.measurement;
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
    return exit_success;
}

}  // namespace

void add_tm_intensities(CLI::App& tm, Session& session) {
    const auto wishes = std::make_shared<Wishes>();
    CLI::App* const command = tm.add_subcommand(
        "intensities", "measure a real matrix with the reference arm blocked, from intensities");
    command->add_option("OUT", wishes->out, "HDF5 file to write")->required();
    wishes->bench.add_options(*command);
    wishes->bench.add_record_option(*command);
    command->add_option("--inputs", wishes->measurement.inputs, "components of the vectors")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 24));
    command->add_option("--region", wishes->region, "pixels of the camera to use")
        ->type_name("ROWSxCOLUMNS")
        ->capture_default_str();
    command
        ->add_option("--pitch", wishes->pitch,
                     "pixels from mode to mode, as opal calibrate found them")
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
        "patterns that were not shown before are not predicted.\n"
        "\n"
        "Examples:\n"
        "  opal tm intensities B.h5 --set reference.blocked=true\n"
        "  opal tm compare RECORD B.h5\n");
    command->callback([&session, wishes] {
        session.action = [&session, wishes] { return measure(session, *wishes); };
    });
}

}  // namespace opal::cli
