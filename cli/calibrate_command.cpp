// `opal calibrate`: a bench -> a calibration record, with a plain verdict for every step.
#include "cli/calibration_run.h"
#include "cli/calibration_status.h"
#include "cli/node_wishes.h"
#include "cli/pixel_size.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <map>
#include <memory>

namespace opal::cli {

namespace {

struct CalibrateOptions {
    BenchChoice bench;
    calibration::Options calibration;
    std::string region = "128x128";
    std::string format;
    std::string method = "hadamard";
    std::string demodulation = "filter";
    std::vector<std::string> max_age;
    std::vector<std::string> redo;
    std::vector<std::string> diff;
    bool status = false;
};

// What of the record still holds; nothing moves and no light is needed.
ExitCode show_status(Session& session, const CalibrateOptions& options, OpenedBench& opened) {
    const auto file = options.bench.record_file(opened);
    std::optional<calibration::Record> found;
    if (std::filesystem::exists(file)) found = calibration::load_record(file);
    calibration::Options asked = options.calibration;
    asked.record = file;
    asked.partial = partial_of(file);
    asked.created_by = "opal " OPAL_VERSION;
    asked.utc_s = wall_clock_of(opened.bench());
    // What an unfinished run has found since counts as well.
    if (auto stored = calibration::stored_record(opened.bench(), asked)) found = std::move(stored);
    if (!found)
        throw BadInput(
            fmt::format("{}: no such calibration record; opal calibrate makes it", file.string()));
    const calibration::Record& record = *found;
    const auto states = calibration::assess(opened.bench(), asked, record);
    session.terminal.print(fmt::format("{}\n{}", session.terminal.out(Ink::strong, file.string()),
                                       status_text(session.terminal, record, states)));
    for (const auto& n : calibration::all_nodes())
        if (states[n.node].state != calibration::NodeState::fresh) return exit_negative;
    return exit_success;
}

ExitCode show_diff(Session& session, const std::vector<std::string>& files) {
    const calibration::Record before = calibration::load_record(files.at(0));
    const calibration::Record after = calibration::load_record(files.at(1));
    const auto diff = calibration::compare(before, after);
    session.terminal.print(diff_text(session.terminal, diff));
    const bool changed = diff.changed();
    session.terminal.print(
        changed ? fmt::format("{} the records differ by more than their uncertainty\n",
                              session.terminal.out(Ink::bad, "verdict:"))
                : fmt::format("{} nothing has changed beyond the uncertainty\n",
                              session.terminal.out(Ink::good, "verdict:")));
    return changed ? exit_negative : exit_success;
}

ExitCode calibrate(Session& session, CalibrateOptions& options) {
    if (!options.diff.empty()) return show_diff(session, options.diff);
    const auto [rows, columns] = read_pixels("--region", options.region);
    options.calibration.region_rows = rows;
    options.calibration.region_columns = columns;
    static const std::map<std::string, hal::PixelFormat> formats{
        {"mono8", hal::PixelFormat::mono8},
        {"mono10", hal::PixelFormat::mono10},
        {"mono12", hal::PixelFormat::mono12}};
    if (!options.format.empty()) options.calibration.format = formats.at(options.format);

    options.calibration.method = *calibration::method_named(options.method);
    options.calibration.demodulation = *calibration::demodulation_named(options.demodulation);
    options.calibration.age_limit_s = age_limits_of(options.max_age);
    options.calibration.redo = nodes_of(options.redo);

    options.bench.run->looking = options.status;
    const auto opened = options.bench.open(session);
    if (options.status) return show_status(session, options, *opened);
    const auto file = options.bench.record_file(*opened);
    session.terminal.note(fmt::format("calibrating {}", opened->bench().name()));
    const calibration::Record record = run_calibration(
        session, opened->bench(),
        {.calibration = options.calibration, .record_file = file, .verdicts_to_out = true});
    if (!record.complete()) {
        session.terminal.note(fmt::format(
            "opal: {} the bench is not calibrated; no record was written. What was measured so far "
            "is in {}.partial",
            session.terminal.err(Ink::bad, "verdict:"), file.string()));
        return exit_negative;
    }
    session.terminal.print(fmt::format(
        "{} {} inputs -> {} outputs ({} modes), correlation {:.5f}, {:.1f} effective bits\n"
        "record: {}\n",
        session.terminal.out(Ink::good, "calibrated:"), record.matrix->inputs,
        2 * record.holography.modes(), record.holography.modes(),
        record.validation->correlation.value, record.validation->effective_bits, file.string()));
    return exit_success;
}

}  // namespace

void add_calibrate_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<CalibrateOptions>();
    CLI::App* const command = program.add_subcommand(
        "calibrate", "measure a bench: a verdict for every step, and a record for everything else");
    options->bench.add_options(*command);
    options->bench.add_record_option(*command);
    command
        ->add_option("--inputs", options->calibration.inputs,
                     "components of the vectors to be projected")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 24));
    command
        ->add_option("--region", options->region,
                     "pixels of the camera to use, near the sensor's centre; every 16 or so become "
                     "one mode, and a mode two outputs")
        ->type_name("ROWSxCOLUMNS")
        ->capture_default_str();
    command
        ->add_option("--format", options->format,
                     "pixel format of the frames; default: the camera's deepest")
        ->check(CLI::IsMember({"mono8", "mono10", "mono12"}));
    command
        ->add_option("--method", options->method,
                     "patterns of the transmission matrix: hadamard, or random ones and least "
                     "squares")
        ->check(CLI::IsMember({"hadamard", "random"}))
        ->capture_default_str();
    command
        ->add_option("--memory", options->calibration.memory_limit_mib,
                     "MiB that the fields of the matrix's frames may take; beyond it they go to a "
                     "file beside the record")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--demodulation", options->demodulation,
                     "frame to field: filter, or kramers-kronig for two pixels per mode and axis")
        ->check(CLI::IsMember({"filter", "kramers-kronig"}))
        ->capture_default_str();
    command
        ->add_option("--power", options->calibration.laser_power_mw,
                     "laser power in mW; 0: the bench's limit, which nothing may exceed")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--seed", options->calibration.seed, "of the random patterns that are shown")
        ->capture_default_str();
    command
        ->add_option("--max-age", options->max_age,
                     "how old a result may be: 2h for every step, drift=10min for one, none for no "
                     "limit; may be given again")
        ->type_name("[STEP=]AGE")
        ->allow_extra_args(false);
    command
        ->add_option("--redo", options->redo,
                     "measure this step again though it is fresh (all: everything); may be given "
                     "again")
        ->type_name("STEP")
        ->allow_extra_args(false);
    command->add_flag("--status", options->status,
                      "only say what of the record still holds, and why; no light");
    command
        ->add_option("--diff", options->diff,
                     "compare two records: what changed, in units of the stated uncertainty")
        ->type_name("OLD NEW")
        ->expected(2);
    command->footer(
        "Steps: dark frames, exposure, carrier, photon transfer, reference, DMD map, identity "
        "code,\n"
        "drift, transmission matrix, validation on random patterns shown afresh. The first step "
        "whose\n"
        "verdict is no ends the run with exit code 3 and says what to do.\n"
        "\n"
        "What is already there and still holds is kept: a step is measured again only if its\n"
        "inputs, the bench or the options have changed, it is older than its limit, or its\n"
        "verdict was no; a run that was interrupted or killed goes on in the same way. A step\n"
        "that was only too old and comes out equal within its uncertainty is confirmed, and what\n"
        "was computed from it stays. The record that is replaced becomes FILE.previous (and that\n"
        "one FILE.previous.2, up to 3): opal record restore goes back.\n"
        "\n"
        "--status: exit code 0 if everything is fresh, else 3. --diff: 0 if nothing has changed\n"
        "beyond the uncertainty, else 3.\n"
        "\n"
        "Examples:\n"
        "  opal calibrate                                   the simulated bench 'lab'\n"
        "  opal calibrate --bench sim:harsh                 a bench with everything wrong\n"
        "  opal calibrate --inputs 784 --region 256x256     more inputs, 8192 outputs\n"
        "  opal calibrate --inputs 1000 --memory 64         fields on disk, not in memory\n"
        "  opal calibrate --method random                   random patterns, least squares\n"
        "  opal calibrate --demodulation kramers-kronig     for dense speckle\n"
        "  opal calibrate --set reference.ratio=2           what a weak reference does\n"
        "  opal calibrate --status                          how old, how good, made from what\n"
        "  opal calibrate --max-age 1h --max-age drift=10min\n"
        "  opal calibrate --redo reference                  after turning a wave plate\n"
        "  opal calibrate --diff lab.h5.previous lab.h5     what has changed since\n"
        "  opal record show                                 read the verdicts again\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return calibrate(session, *options); };
    });
}

}  // namespace opal::cli
