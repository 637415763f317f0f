// `opal record show`: a calibration record in words.
#include "calibration/record.h"
#include "cli/calibration_run.h"
#include "cli/places.h"
#include "cli/record_lock.h"
#include "cli/record_summary.h"
#include "cli/session.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace opal::cli {

namespace {

struct RecordOptions {
    std::string file;
    int generation = 1;
};

std::filesystem::path file_of(const RecordOptions& options) {
    return options.file.empty() ? default_record("lab") : std::filesystem::path(options.file);
}

// The record that was replaced comes back, and what it replaces now becomes the previous one: doing
// it twice changes nothing.
ExitCode restore(const Session& session, const RecordOptions& options) {
    const std::filesystem::path file = file_of(options);
    const auto previous = calibration::previous_file(file, options.generation);
    const calibration::Record record = calibration::load_record(previous);
    const RecordLock lock(file);
    calibration::save_record(record, file);
    std::error_code ignored;
    std::filesystem::remove(file.string() + ".partial", ignored);
    session.terminal.print(fmt::format("{} is what {} was\n", file.string(), previous.string()));
    return exit_success;
}

ExitCode show(const Session& session, const RecordOptions& options) {
    const std::filesystem::path file = file_of(options);
    const calibration::Record record = calibration::load_record(file);
    const Terminal& terminal = session.terminal;
    std::string text = fmt::format("{}\n", terminal.out(Ink::strong, file.string()));
    for (const auto& [name, value] : record_facts(record)) {
        text += fmt::format("  {:<22} {}\n", name, value);
    }
    for (const auto& [title, verdict] : record_verdicts(record)) {
        text += verdict_line(terminal, title, *verdict, true) + "\n";
    }
    if (record.validation) {
        text += terminal.out(Ink::strong, "error budget (error power over signal power)") + "\n";
        for (const auto& source : record.validation->budget) {
            text += source.separable
                        ? fmt::format("  {:<22} {:.2e}  measured {:.2e} +- {:.0e}: {}\n",
                                      source.name, source.share, source.measured.value,
                                      source.measured.sigma, source.how)
                        : fmt::format("  {:<22} {:.2e}  not separable: {}\n", source.name,
                                      source.share, source.how);
        }
        text += fmt::format("  {:<22} {:.2e}\n  {:<22} {:.2e}\n", "predicted, all",
                            record.validation->predicted_error, "measured",
                            record.validation->measured_error);
    }
    terminal.print(text);
    return record.complete() ? exit_success : exit_negative;
}

}  // namespace

void add_record_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<RecordOptions>();
    CLI::App* const record = program.add_subcommand("record", "look at calibration records");
    record->require_subcommand(1);
    CLI::App* const command = record->add_subcommand("show", "facts, verdicts and error budget");
    command->add_option("FILE", options->file, "default: the record of sim:lab");
    command->footer(
        "Exit code 3 if the record is not complete or a verdict is no. The file is HDF5: h5dump,\n"
        "h5py, HDFView and MATLAB open it.\n");
    command->callback([&session, options] {
        session.action = [&session, options] { return show(session, *options); };
    });
    CLI::App* const back =
        record->add_subcommand("restore", "go back to the record that was replaced");
    back->add_option("FILE", options->file, "default: the record of sim:lab");
    back->add_option("--generation", options->generation,
                     "1: the one before, FILE.previous; 2 and 3: those before that")
        ->capture_default_str()
        ->check(CLI::Range(1, calibration::kept_generations));
    back->callback([&session, options] {
        session.action = [&session, options] { return restore(session, *options); };
    });
}

}  // namespace opal::cli
