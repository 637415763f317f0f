// `opal calibrate`: a bench -> a calibration record, with a plain verdict for every step.
#include "cli/calibration_run.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>

namespace opal::cli {

namespace {

struct CalibrateOptions {
    BenchChoice bench;
    calibration::Options calibration;
    std::string region = "128x128";
    std::string format;
};

// A whole number of pixels at the front of `text`, which is cut off; 0 if there is none.
int take_pixels(std::string_view& text) {
    int pixels = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pixels);
    if (error != std::errc() || pixels > 1 << 20) return 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return pixels;
}

void read_region(const std::string& text, calibration::Options& options) {
    std::string_view rest = text;
    options.region_rows = take_pixels(rest);
    const bool times = rest.starts_with('x');
    if (times) rest.remove_prefix(1);
    options.region_columns = take_pixels(rest);
    if (!times || !rest.empty() || options.region_rows < 1 || options.region_columns < 1)
        throw BadInput(
            fmt::format("--region {}: wanted is ROWSxCOLUMNS in pixels, e.g. 128x128", text));
}

ExitCode calibrate(Session& session, CalibrateOptions& options) {
    read_region(options.region, options.calibration);
    static const std::map<std::string, hal::PixelFormat> formats{
        {"mono8", hal::PixelFormat::mono8},
        {"mono10", hal::PixelFormat::mono10},
        {"mono12", hal::PixelFormat::mono12}};
    if (!options.format.empty()) options.calibration.format = formats.at(options.format);

    const auto opened = options.bench.open(session);
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
        ->add_option("--power", options->calibration.laser_power_mw,
                     "laser power in mW; 0: the bench's limit, which nothing may exceed")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--seed", options->calibration.seed, "of the random patterns that are shown")
        ->capture_default_str();
    command->footer(
        "Steps: dark frames, exposure, carrier, photon transfer, reference, DMD map, identity "
        "code,\n"
        "drift, transmission matrix, validation on random patterns shown afresh. The first step "
        "whose\n"
        "verdict is no ends the run with exit code 3 and says what to do. An interrupted run goes "
        "on\n"
        "after its last finished step when it is started again.\n"
        "\n"
        "Examples:\n"
        "  opal calibrate                                   the simulated bench 'lab'\n"
        "  opal calibrate --bench sim:harsh                 a bench with everything wrong\n"
        "  opal calibrate --inputs 784 --region 256x256     more inputs, 8192 outputs\n"
        "  opal calibrate --set reference.ratio=2           what a weak reference does\n"
        "  opal record show                                 read the verdicts again\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return calibrate(session, *options); };
    });
}

}  // namespace opal::cli
