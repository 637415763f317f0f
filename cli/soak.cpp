// Soak: projects batch after batch, starts again after every stop, and keeps score. See soak.h.
#include "cli/soak.h"

#include "cli/calibration_run.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/timed_bench.h"
#include "hal/error.h"
#include "sim/faults/fault_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <random>

namespace opal::cli {

namespace {

using projection::Notice;
using sim::FaultKind;

constexpr double right_share = 0.97;        // of a frame's light is its pattern's
constexpr double right_correlation = 0.98;  // of a batch that may count as right
constexpr std::size_t most_stops_kept = 100;
constexpr auto door_patience = std::chrono::seconds(600);

struct Noticed {
    std::uint64_t run = 0;
    hal::Duration at{0};
    std::optional<Notice> kind;  // nothing: the work stopped
};

// Which notice a lasting fault calls for, and how long it may take. Those of a run are noticed in
// the run, whatever the notice.
bool answers(const sim::InjectedFault& fault, const Noticed& noticed) {
    using namespace std::chrono_literals;
    const sim::FaultPlace place = sim::type_of(fault.kind).place;
    // What is spoilt on a cable may be the next command or upload, and the run that follows it.
    if (place == sim::FaultPlace::usb)
        return noticed.run == fault.run || noticed.run == fault.run + 1;
    if (place != sim::FaultPlace::light) return noticed.run == fault.run;
    const auto within = [&](hal::Duration window) {
        return noticed.at >= fault.at && noticed.at <= fault.at + window;
    };
    const bool unread = noticed.kind == Notice::frames_unread;
    const bool measured = noticed.kind == Notice::matrix_measured;
    const bool stopped = !noticed.kind;
    switch (fault.kind) {
        case FaultKind::saturation:
            return within(1s) && (unread || stopped || noticed.kind == Notice::power);
        case FaultKind::mode_hop:
            return within(1s) &&
                   (unread || measured || stopped || noticed.kind == Notice::phase_jump);
        case FaultKind::table_bump:
            return within(1s) &&
                   (unread || measured || stopped || noticed.kind == Notice::phase_jump);
        case FaultKind::laser_ageing:
            return within(5s) && (unread || stopped || noticed.kind == Notice::power);
        case FaultKind::interlock:
            return within(5s) && stopped;
        case FaultKind::stuck_mirrors:
            return within(5s) && (unread || measured || stopped);
        case FaultKind::hot_pixels:
            return within(5s) && (unread || stopped || noticed.kind == Notice::hot_pixels);
        default:
            return false;
    }
}

// Random vectors of -1, 0 and 1: shown as they are.
dfa::Matrix draw_vectors(std::mt19937_64& random, Eigen::Index rows, Eigen::Index columns) {
    dfa::Matrix vectors(rows, columns);
    for (Eigen::Index r = 0; r < rows; ++r)
        for (Eigen::Index c = 0; c < columns; ++c)
            vectors(r, c) = static_cast<float>(static_cast<int>(random() >> 33 & 0x7fff) % 3 - 1);
    return vectors;
}

// What the matrix in use makes of them, up to the projector's gain.
dfa::Matrix predict(const calibration::Record& record, const dfa::Matrix& vectors) {
    const auto modes = static_cast<Eigen::Index>(record.holography.modes());
    using Rows =
        Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
    const Rows matrix(reinterpret_cast<const float*>(record.matrix->entries.data()),
                      record.matrix->inputs, 2 * modes);
    return vectors * matrix.topRows(vectors.cols());
}

double correlation(const dfa::Matrix& a, const dfa::Matrix& b) {
    const double power = std::sqrt(a.cast<double>().squaredNorm() * b.cast<double>().squaredNorm());
    return power > 0 ? a.cast<double>().cwiseProduct(b.cast<double>()).sum() / power : 1;
}

class Soaker {
public:
    Soaker(Session& session, const SoakOptions& options, SoakReport& report)
        : session_(session), options_(options), report_(report) {
        const auto whole = options.bench.open(session);
        if (whole->simulated() == nullptr)
            throw BadInput("soak lets faults loose on purpose: it needs a simulated bench");
        record_ = record_for(session, *whole, options.bench, options.inputs, 0);
        report_.schedule = sim::load_faults(options.faults);
        BenchChoice troubled = options.bench;
        troubled.faults = options.faults;
        opened_ = troubled.open(session);
        injector_ = opened_->simulated()->faults();
        report_.bench_name = opened_->bench().name();
    }

    void run() {
        std::mt19937_64 random(1);
        Progress progress(session_.terminal, "soak", "frames");
        const double begun_s = now_s();
        dfa::Matrix out;
        // Ctrl-C ends the work, not the report: the score so far is still a score.
        while (report_.frames < options_.frames && session_.interruption.signal() == 0) {
            const dfa::Matrix vectors = draw_vectors(random, options_.batch, options_.inputs);
            bool stopped = false;
            double batch_correlation = 1;
            const std::uint64_t wrong_before = report_.wrong_pairs;
            try {
                if (!projector_) start();
                out.resize(0, 0);
                seen_.clear();
                report_.asked += static_cast<std::uint64_t>(vectors.rows());
                asked_now_ = vectors.rows();
                projector_->project(vectors, out);
                batch_correlation = score_result(vectors, out);
            } catch (const hal::Interrupted&) {
                report_.asked -= static_cast<std::uint64_t>(asked_now_);
                break;
            } catch (const hal::DeviceError& e) {
                stopped = true;
                if (e.what()[0] != '\0') report_.refused += static_cast<std::uint64_t>(asked_now_);
                note_stop(e.what());
            }
            asked_now_ = 0;
            const bool right =
                report_.wrong_pairs == wrong_before && batch_correlation >= right_correlation;
            score_faults(stopped, right, false);
            progress.update(
                static_cast<double>(report_.frames), static_cast<double>(options_.frames),
                fmt::format("{} faults, {} missed, {} wrong pairs", report_.total().injected,
                            report_.total().missed, report_.wrong_pairs));
        }
        score_faults(false, true, true);
        close();
        report_.seconds = now_s() - begun_s;
        report_.bench_seconds =
            std::chrono::duration<double>(opened_->bench().clock().now().time_since_epoch())
                .count();
    }

private:
    void start() {
        projection::OpticalOptions optical;
        optical.inputs = options_.inputs;
        optical.check_frames = options_.check_frames;
        if (!options_.check_frames) optical.drift_budget = 0;  // it would notice as well
        optical.quantiser.kind = projection::Quantisation::adaptive_threshold;
        optical.stop = session_.interruption.token();
        optical.on_frame = [this](std::size_t pattern, const hal::BitPattern& shown,
                                  const hal::Frame& frame) {
            ++report_.frames;
            if (seen_.size() <= pattern) seen_.resize(pattern + 1);
            const sim::FrameTruth truth = injector_->truth_of(frame);
            seen_[pattern] =
                truth.pattern == sim::pattern_mark(shown) && truth.share >= right_share;
        };
        optical.on_used = [this](std::span<const std::uint8_t> used) {
            for (std::size_t k = 0; k < used.size(); ++k) {
                if (used[k] == 0) continue;
                ++report_.pairs;
                if (k >= seen_.size() || !seen_[k]) ++report_.wrong_pairs;
            }
            // What was seen of these frames says nothing about the next ones.
            seen_.clear();
        };
        optical.on_notice = [this](Notice kind, const std::string&) {
            noticed_.push_back({injector_->runs(), bench_now(), kind});
        };
        projector_ =
            std::make_unique<projection::OpticalProjector>(opened_->bench(), record_, optical);
    }

    // What a person does after a stop: reads why, closes the door, puts plugs back, starts again.
    void note_stop(const std::string& why) {
        noticed_.push_back({injector_->runs(), bench_now(), std::nullopt});
        if (report_.stops.size() < most_stops_kept) report_.stops.push_back(why);
        close();
        opened_->reconnect();
        hal::Bench& bench = opened_->bench();
        const auto limit = hal::Deadline::after(bench.clock(), door_patience);
        while (!bench.laser().status().interlock_closed && !limit.passed(bench.clock()))
            bench.clock().wait_for(std::chrono::seconds(1));
    }

    void close() {
        if (!projector_) return;
        report_.health.add(projector_->health());
        // The next one begins with the matrix this one ended with.
        record_ = projector_->record();
        projector_.reset();
    }

    double score_result(const dfa::Matrix& vectors, const dfa::Matrix& out) {
        // A vector that came back without numbers, or with none for its light, did not come back.
        for (Eigen::Index r = 0; r < std::min(out.rows(), vectors.rows()); ++r)
            if (out.row(r).allFinite() && out.row(r).isZero(0) == vectors.row(r).isZero(0))
                ++report_.vectors;
        if (out.rows() != vectors.rows()) return 0;
        const dfa::Matrix expected = predict(projector_->record(), vectors);
        for (Eigen::Index r = 0; r < out.rows(); ++r) {
            if (vectors.row(r).isZero()) continue;
            report_.worst_vector =
                std::min(report_.worst_vector, correlation(expected.row(r), out.row(r)));
        }
        const double whole = correlation(expected, out);
        report_.worst_correlation = std::min(report_.worst_correlation, whole);
        if (whole < right_correlation) ++report_.wrong_batches;
        return whole;
    }

    // Faults whose time to be noticed is over, or all of them at the end.
    void score_faults(bool stopped, bool right, bool all) {
        const auto injected = injector_->injected();
        for (; scored_ < injected.size(); ++scored_) pending_.push_back({injected[scored_], right});
        const hal::Duration now = bench_now();
        std::vector<Pending> later;
        for (Pending& p : pending_) {
            p.right = p.right && right;
            const auto answer = std::find_if(noticed_.begin(), noticed_.end(),
                                             [&](const Noticed& n) { return answers(p.fault, n); });
            const sim::FaultPlace place = sim::type_of(p.fault.kind).place;
            const bool early =
                place == sim::FaultPlace::light
                    ? now <= p.fault.at + std::chrono::seconds(5)
                    : place == sim::FaultPlace::usb && injector_->runs() < p.fault.run + 2;
            if (answer == noticed_.end() && early && !all) {
                later.push_back(p);
                continue;
            }
            FaultScore& score = report_.faults[static_cast<std::size_t>(p.fault.kind)];
            ++score.injected;
            if (answer != noticed_.end()) {
                ++score.detected;
                const bool by_stop =
                    stopped && std::any_of(noticed_.begin(), noticed_.end(), [&](const Noticed& n) {
                        return !n.kind && answers(p.fault, n);
                    });
                // A remark that changes nothing is no recovery.
                ++(by_stop ? score.stopped : p.right ? score.recovered : score.missed);
            } else {
                ++(p.right ? score.harmless : score.missed);
            }
        }
        pending_ = std::move(later);
        // Old enough that no fault still pending can mean them.
        std::erase_if(noticed_,
                      [&](const Noticed& n) { return n.at + std::chrono::seconds(10) < now; });
    }

    hal::Duration bench_now() const { return opened_->bench().clock().now().time_since_epoch(); }

    struct Pending {
        sim::InjectedFault fault;
        bool right = true;
    };

    Session& session_;
    const SoakOptions& options_;
    SoakReport& report_;
    calibration::Record record_;
    std::unique_ptr<OpenedBench> opened_;
    const sim::FaultInjector* injector_ = nullptr;
    std::unique_ptr<projection::OpticalProjector> projector_;
    std::vector<char> seen_;      // (patterns of the batch) the frame holds its pattern's light
    Eigen::Index asked_now_ = 0;  // vectors the projector has and has not answered
    std::vector<Noticed> noticed_;
    std::vector<Pending> pending_;
    std::size_t scored_ = 0;
};

}  // namespace

FaultScore SoakReport::total() const {
    FaultScore sum;
    for (const FaultScore& f : faults) {
        sum.injected += f.injected;
        sum.detected += f.detected;
        sum.recovered += f.recovered;
        sum.stopped += f.stopped;
        sum.harmless += f.harmless;
        sum.missed += f.missed;
    }
    return sum;
}

bool SoakReport::passed() const {
    return pairs > 0 && wrong_pairs == 0 && lost_vectors() == 0 && wrong_batches == 0 &&
           total().missed == 0;
}

SoakReport soak(Session& session, const SoakOptions& options) {
    SoakReport report;
    Soaker soaker(session, options, report);
    soaker.run();
    return report;
}

}  // namespace opal::cli
