// CalibrationRun: shows a calibration's nodes and progress, writes its record. See the header.
#include "cli/calibration_run.h"

#include "cli/calibration_status.h"
#include "cli/files.h"
#include "cli/node_wishes.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/record_lock.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <system_error>
#include <utility>

namespace opal::cli {

namespace {

class Watcher final : public calibration::Observer {
public:
    Watcher(const Terminal& terminal, bool verdicts_to_out)
        : terminal_(terminal), verdicts_to_out_(verdicts_to_out) {}

    void node_assessed(std::string_view, const calibration::Freshness& freshness) override {
        using calibration::NodeState;
        remark_ = freshness.state == NodeState::fresh ? "kept: " + freshness.reason
                  : freshness.state == NodeState::missing && freshness.age_s < 0 &&
                          freshness.reason == "not measured yet"
                      ? std::string()
                      : "redone: " + freshness.reason;
    }
    void node_confirmed(std::string_view, std::string_view how) override {
        remark_ += fmt::format("; {}: the old result stays", how);
    }
    void node_started(std::string_view title, bool) override {
        progress_ = std::make_unique<Progress>(terminal_, std::string(title), "frames");
    }
    void progress(std::size_t done, std::size_t total) override {
        if (progress_) progress_->update(static_cast<double>(done), static_cast<double>(total));
    }
    void node_finished(std::string_view title, const calibration::Verdict& verdict) override {
        progress_.reset();
        std::string line = verdict_line(terminal_, title, verdict, verdicts_to_out_);
        if (!remark_.empty()) line += fmt::format(" ({})", remark_);
        if (verdicts_to_out_) {
            terminal_.print(line + "\n");
        } else {
            terminal_.note(line);
        }
    }

private:
    const Terminal& terminal_;
    bool verdicts_to_out_;
    std::string remark_;
    std::unique_ptr<Progress> progress_;
};

// Why this record cannot serve; empty if it can.
std::string objection(const calibration::Record& record, const hal::Bench& bench, int inputs,
                      Eigen::Index outputs) {
    if (record.bench_identity != bench.identity()) {
        return fmt::format(
            "it was made on another bench or another medium: {} [{}], while this is {} [{}]",
            record.bench_name, record.bench_identity, bench.name(), bench.identity());
    }
    if (!record.complete() || !record.matrix) return "it is not complete";
    if (record.matrix->inputs < inputs) {
        return fmt::format("it was calibrated for vectors of up to {} components and {} are needed",
                           record.matrix->inputs, inputs);
    }
    const auto has = static_cast<Eigen::Index>(2 * record.holography.modes());
    if (has < outputs) return fmt::format("it has {} outputs and {} are needed", has, outputs);
    return {};
}

// Whether this file is this record already, to the byte: then it need not be written again, and
// what it once replaced stays where it is.
bool holds(const std::filesystem::path& file, const calibration::Record& record) {
    if (!std::filesystem::exists(file)) return false;
    try {
        return calibration::encode_record(calibration::load_record(file)) ==
               calibration::encode_record(record);
    } catch (const calibration::RecordError&) {
        return false;
    }
}

// One line if part of the record has outlived its limit. It serves all the same: whoever projects
// has the code words and the drift watch to tell whether it still holds.
void tell_age(const Terminal& terminal, const calibration::Record& record, hal::Bench& bench,
              const std::filesystem::path& file) {
    const auto states = calibration::assess(record, wanted_of(bench));
    std::string first;
    int more = -1;
    for (const auto& node : calibration::all_nodes()) {
        if (states[node.node].state == calibration::NodeState::fresh) continue;
        if (first.empty()) first = fmt::format("{}: {}", node.title, states[node.node].reason);
        ++more;
    }
    if (first.empty()) return;
    terminal.note(fmt::format("{} is used though stale: {}{}; opal calibrate brings it up to date",
                              file.string(), first,
                              more > 0 ? fmt::format(" (and {} more)", more) : ""));
}

// A square region whose modes suffice, going by the pitch a bench of this kind usually has.
// Twice as many modes as inputs, or the guard strip cannot be told from the data
// (calibration/phase_reference.h).
int region_side_px(Eigen::Index outputs, int inputs) {
    constexpr double usual_pitch_px = 4;
    constexpr double smallest_px = 128;
    const double modes = std::max(std::ceil(static_cast<double>(outputs) / 2), 2.0 * inputs);
    return static_cast<int>(std::max(smallest_px, usual_pitch_px * std::ceil(std::sqrt(modes))));
}

}  // namespace

std::string verdict_line(const Terminal& terminal, std::string_view title,
                         const calibration::Verdict& verdict, bool to_out) {
    const Ink ink = verdict.passed ? Ink::good : Ink::bad;
    const std::string mark = verdict.passed ? "ok" : "NO";
    return fmt::format("  {}  {:<20} {}",
                       to_out ? terminal.out(ink, mark) : terminal.err(ink, mark), title,
                       verdict.text);
}

std::filesystem::path partial_of(const std::filesystem::path& record) {
    return record.string() + ".partial";
}

calibration::Record run_calibration(Session& session, hal::Bench& bench,
                                    const CalibrationRunOptions& asked) {
    make_parent(asked.record_file);
    require_writable(asked.record_file);
    std::error_code missing;
    const auto there = std::filesystem::status(asked.record_file, missing);
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
        throw std::runtime_error(fmt::format(
            "cannot write {}: a record is renamed into place, and that is no regular file",
            asked.record_file.string()));
    const RecordLock lock(asked.record_file);
    calibration::Options options = asked.calibration;
    options.record = asked.record_file;
    options.partial = partial_of(asked.record_file);
    options.scratch = asked.record_file.string() + ".scratch";
    options.created_by = "opal " OPAL_VERSION;
    options.utc_s = wall_clock_of(bench);
    Watcher watcher(session.terminal, asked.verdicts_to_out);
    calibration::Record record =
        calibration::calibrate(bench, options, watcher, session.interruption.token());
    if (record.complete()) {
        if (!holds(asked.record_file, record)) calibration::save_record(record, asked.record_file);
        // Only now: had the disk been full, the next run would go on from here.
        std::error_code ignored;
        std::filesystem::remove(options.partial, ignored);
    }
    return record;
}

calibration::Record record_for(Session& session, OpenedBench& bench, const BenchChoice& choice,
                               int inputs, Eigen::Index outputs) {
    const std::filesystem::path file = choice.record_file(bench);
    std::string reason = "there is no calibration record yet";
    if (std::filesystem::exists(file)) {
        calibration::Record record = calibration::load_record(file);
        const std::string wrong = objection(record, bench.bench(), inputs, outputs);
        if (wrong.empty()) {
            tell_age(session.terminal, record, bench.bench(), file);
            return record;
        }
        if (!choice.record.empty()) {
            const int side = region_side_px(outputs, inputs);
            throw BadInput(
                fmt::format("{0} cannot serve: {1}; opal calibrate --inputs {2} "
                            "--region {3}x{3} --calibration {0} makes one that can",
                            file.string(), wrong, inputs, side));
        }
        reason = fmt::format("{} cannot serve: {}", file.string(), wrong);
    } else if (!choice.record.empty()) {
        throw BadInput(
            fmt::format("{}: no such calibration record; opal calibrate --calibration {} "
                        "makes it",
                        file.string(), file.string()));
    }
    session.terminal.note(fmt::format("{}: calibrating {} first", reason, bench.bench().name()));
    CalibrationRunOptions options;
    options.calibration.inputs = inputs;
    options.calibration.region_rows = region_side_px(outputs, inputs);
    options.calibration.region_columns = options.calibration.region_rows;
    options.record_file = file;
    calibration::Record record = run_calibration(session, bench.bench(), options);
    const std::string wrong = objection(record, bench.bench(), inputs, outputs);
    if (!wrong.empty()) {
        throw std::runtime_error(
            fmt::format("{} cannot be used: the calibration ended with a negative verdict or {}",
                        bench.bench().name(), wrong));
    }
    session.terminal.note(fmt::format("record: {}", file.string()));
    return record;
}

}  // namespace opal::cli
