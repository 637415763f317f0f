// `opal tm`: the transmission matrix of a record, for people (`info`) and programs (`export`).
#include "calibration/matrix_uncertainty.h"
#include "calibration/record.h"
#include "cli/files.h"
#include "cli/places.h"
#include "cli/session.h"
#include "cli/tm_compare.h"
#include "cli/tm_export.h"
#include "cli/tm_intensities.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <vector>

namespace opal::cli {

namespace {

struct TmOptions {
    std::string record;
    std::string out;
    std::string other;
    double least = 0;
};

calibration::Record load(const TmOptions& options) {
    const std::filesystem::path file =
        options.record.empty() ? default_record("lab") : std::filesystem::path(options.record);
    calibration::Record record = calibration::load_record(file);
    if (!record.matrix)
        throw BadInput(
            fmt::format("{}: this record has no transmission matrix; its calibration ended before",
                        file.string()));
    return record;
}

ExitCode info(const Session& session, const TmOptions& options) {
    const calibration::Record record = load(options);
    const calibration::TransmissionMatrix& matrix = *record.matrix;
    const std::size_t modes = record.holography.modes();
    double power = 0;
    for (const auto& t : matrix.entries) power += static_cast<double>(std::norm(t));
    power /= static_cast<double>(matrix.entries.size());
    std::string text;
    const auto line = [&](const char* name, const std::string& value) {
        text += fmt::format("  {:<22} {}\n", name, value);
    };
    text += session.terminal.out(Ink::strong, "transmission matrix") + "\n";
    line("bench", record.bench_name);
    line("shape", fmt::format("{} modes x {} inputs, complex, sqrt(DN)", modes, matrix.inputs));
    line("measured with",
         matrix.method == calibration::MatrixMethod::hadamard
             ? fmt::format("{} frames: Hadamard patterns of order {}, {} repeats", matrix.frames,
                           matrix.order, matrix.repeats)
             : fmt::format("{} frames: random patterns, least squares", matrix.frames));
    line("demodulated by", std::string(name_of(record.holography.demodulation)));
    line("rms entry", fmt::format("{:.4g}", std::sqrt(power)));
    if (record.photon_transfer) {
        std::vector<float> sigma = calibration::entry_sigma(record);
        std::sort(sigma.begin(), sigma.end());
        line("sigma of an entry",
             fmt::format("{:.3g} (median), {:.3g} to {:.3g}", sigma[sigma.size() / 2],
                         sigma.front(), sigma.back()));
    }
    if (record.carrier) {
        const std::vector<float> phase = calibration::phase_sigma(record);
        line("phase of a mode",
             fmt::format("known to {:.2g} rad against the centre's at the corners, the same in all "
                         "of its entries",
                         *std::max_element(phase.begin(), phase.end())));
    }
    line("entry : noise", fmt::format("{:.0f} : 1 in power", matrix.entry_snr));
    if (!matrix.singular_values.empty())
        line("singular values",
             fmt::format(
                 "{:.3g} to {:.3g}, condition {:.2f}", matrix.singular_values.front(),
                 matrix.singular_values.back(),
                 matrix.singular_values.front() / std::max(matrix.singular_values.back(), 1e-30)));
    if (record.validation)
        line(
            "on held-out patterns",
            fmt::format("correlation {:.5f} +- {:.5f} of prediction and field over {} patterns, {} "
                        "of them new",
                        record.validation->correlation.value, record.validation->correlation.sigma,
                        record.validation->patterns, record.validation->new_patterns));
    session.terminal.print(text);
    return exit_success;
}

ExitCode write(const Session& session, const TmOptions& options) {
    const calibration::Record record = load(options);
    require_writable(options.out);
    export_matrix(record, options.out);
    session.terminal.note(fmt::format("{}: {} modes x {} inputs", options.out,
                                      record.holography.modes(), record.matrix->inputs));
    return exit_success;
}

}  // namespace

void add_tm_command(CLI::App& program, Session& session) {
    const auto options = std::make_shared<TmOptions>();
    CLI::App* const tm =
        program.add_subcommand("tm", "the transmission matrix: what is known of it, and export");
    tm->require_subcommand(1);
    CLI::App* const show = tm->add_subcommand(
        "info", "shape, uncertainty, singular values, prediction on held-out patterns");
    show->add_option("RECORD", options->record, "default: the record of sim:lab");
    show->callback([&session, options] {
        session.action = [&session, options] { return info(session, *options); };
    });
    CLI::App* const save = tm->add_subcommand("export", "write it for NumPy or MATLAB");
    save->add_option("OUT", options->out, "FILE.npy or FILE.h5")->required();
    save->add_option("RECORD", options->record, "default: the record of sim:lab");
    save->callback([&session, options] {
        session.action = [&session, options] { return write(session, *options); };
    });
    CLI::App* const both = tm->add_subcommand(
        "compare", "two matrices of one bench, whatever way each was measured: how alike they are");
    both->add_option("A", options->record, "a record, or what opal tm intensities wrote")
        ->required();
    both->add_option("B", options->other, "the same")->required();
    both->add_option("--least", options->least, "exit code 3 if they correlate by less than this")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    both->callback([&session, options] {
        session.action = [&session, options] {
            return compare_matrices(session, options->record, options->other, options->least);
        };
    });
    add_tm_intensities(*tm, session);
    tm->footer(
        "FILE.npy: complex64 of shape (modes, inputs), field = T @ d. FILE.h5: real, imag, sigma.\n"
        "docs/transmission-matrix.md has the layout and what sigma means.\n"
        "\n"
        "Examples:\n"
        "  opal tm info\n"
        "  opal tm compare lab.h5 kk.h5 --least 0.99\n"
        "  opal tm intensities B.h5 --set reference.blocked=true\n"
        "  opal tm export T.npy       python3 -c 'import numpy; "
        "print(numpy.load(\"T.npy\").shape)'\n"
        "  opal tm export T.h5        MATLAB: T = h5read('T.h5','/real') + "
        "1i*h5read('T.h5','/imag')\n");
}

}  // namespace opal::cli
