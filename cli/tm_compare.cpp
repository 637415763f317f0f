// TmCompare: see tm_compare.h.
#include "cli/tm_compare.h"

#include "calibration/intensity_comparison.h"
#include "calibration/matrix_comparison.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace opal::cli {

namespace {

std::string way_of(const calibration::Record& record) {
    if (!record.matrix) return "nothing yet";
    return fmt::format("{} patterns, demodulated by {}", name_of(record.matrix->method),
                       name_of(record.holography.demodulation));
}

class Lines {
public:
    explicit Lines(const Session& session)
        : text_(session.terminal.out(Ink::strong, "transmission matrices") + "\n") {}
    void add(const char* name, const std::string& value) {
        text_ += fmt::format("  {:<24} {}\n", name, value);
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

double with_and_without(Lines& lines, const std::filesystem::path& record_file,
                        const std::filesystem::path& intensity_file) {
    const calibration::Record record = calibration::load_record(record_file);
    const calibration::IntensityMatrix intensities = calibration::load_intensities(intensity_file);
    lines.add("with a reference", fmt::format("{}: {}", record_file.string(), way_of(record)));
    lines.add("without", fmt::format("{}: {} inputs x {} modes, real", intensity_file.string(),
                                     intensities.inputs, intensities.modes()));
    try {
        const auto found = calibration::compare(record, intensities);
        lines.add("correlation",
                  fmt::format("{:.5f} over {} modes away from the rim (noise alone would leave "
                              "{:.5f})",
                              found.correlation, found.modes, found.expected));
        lines.add("least alike",
                  fmt::format("input {}: {:.5f}", found.worst_index, found.worst_input));
        return found.correlation;
    } catch (const std::invalid_argument& e) {
        throw BadInput(fmt::format("{} and {} cannot be compared: {}", record_file.string(),
                                   intensity_file.string(), e.what()));
    }
}

double both_with(Lines& lines, const std::filesystem::path& a, const std::filesystem::path& b) {
    const calibration::Record before = calibration::load_record(a);
    const calibration::Record after = calibration::load_record(b);
    if (before.bench_identity != after.bench_identity)
        throw BadInput(
            fmt::format("{} and {} cannot be compared: made on different benches: {} "
                        "[{}] and {} [{}]",
                        a.string(), b.string(), before.bench_name, before.bench_identity,
                        after.bench_name, after.bench_identity));
    const auto found = calibration::compare_matrices(before, after);
    if (!found)
        throw BadInput(
            fmt::format("{} and {} cannot be compared: other inputs, other modes or places of "
                        "them, or no matrix yet",
                        a.string(), b.string()));
    lines.add("first", fmt::format("{}: {}", a.string(), way_of(before)));
    lines.add("second", fmt::format("{}: {}", b.string(), way_of(after)));
    lines.add("correlation", fmt::format("{:.6f} ({:.6f} is to be expected)", found->correlation,
                                         found->expected));
    lines.add("phase surface", fmt::format("{:.4f} rad rms, its uncertainty {:.4f}",
                                           found->surface_rad, found->surface_sigma_rad));
    lines.add("without it", fmt::format("{:.6f} (noise alone would leave {:.6f})",
                                        found->flat_correlation, found->flat_expected));
    lines.add("rest over noise", fmt::format("{:.2f} in power, 1 is due", found->rest_over_noise));
    lines.add("least alike",
              fmt::format("input {}: {:.6f}", found->worst_index, found->worst_input));
    return found->correlation;
}

}  // namespace

ExitCode compare_matrices(const Session& session, const std::filesystem::path& a,
                          const std::filesystem::path& b, double wanted) {
    const bool first = calibration::holds_intensities(a);
    const bool second = calibration::holds_intensities(b);
    if (first && second)
        throw BadInput(fmt::format("{} and {}: one of the two has to be a calibration record",
                                   a.string(), b.string()));
    Lines lines(session);
    const double correlation = first    ? with_and_without(lines, b, a)
                               : second ? with_and_without(lines, a, b)
                                        : both_with(lines, a, b);
    session.terminal.print(lines.text());
    if (correlation >= wanted) return exit_success;
    session.terminal.note(fmt::format("{} the matrices correlate by {:.5f}, want {:.5f}",
                                      session.terminal.err(Ink::bad, "verdict:"), correlation,
                                      wanted));
    return exit_negative;
}

}  // namespace opal::cli
