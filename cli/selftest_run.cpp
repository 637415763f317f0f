// SelftestRun: contract checks, a calibration and a projection as cases. See selftest_run.h.
#include "cli/selftest_run.h"

#include "calibration/calibrate.h"
#include "projection/optical_projector.h"

#include <fmt/format.h>
#include <Eigen/Dense>

#include <chrono>
#include <exception>
#include <optional>
#include <random>
#include <string_view>

namespace opal::cli {

namespace {

using contract::Check;
using contract::Light;
using contract::Outcome;

// Frames of the carrier node: enough for ten inputs, a fifth of what a calibration takes.
constexpr int carrier_frames = 64;
constexpr double wanted_linearity = 0.98;

double wall_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

class Run {
public:
    Run(contract::Rig& rig, const SelftestOptions& options) : rig_(rig), options_(options) {}

    void checks(const std::vector<Check>& checks, std::size_t all) {
        all_ = all;
        for (const Check& check : checks) {
            begin(check.suite, check.title);
            if (check.light == Light::emits && !unsafe_.empty()) {
                end_skipped(no_light());
                continue;
            }
            const contract::Result result = contract::run_check(check, rig_);
            case_.outcome = result.outcome;
            case_.reasons = result.reasons;
            const bool closed = check.gate && result.outcome == Outcome::failed;
            if ((closed || !result.dark) && unsafe_.empty()) unsafe_ = check.title;
            end();
        }
    }

    void calibration_and_projection() {
        constexpr const char* calibration_title =
            "Calibration: a small one, and every verdict is ok";
        constexpr const char* projection_title = "Projection: the sum's projection is the sum";
        begin("calibration", calibration_title);
        std::optional<calibration::Record> record;
        if (!unsafe_.empty()) {
            end_skipped(no_light());
        } else {
            attempt([&] { record = calibrated(); });
            end();
        }
        begin("projection", projection_title);
        if (!record || !record->complete()) {
            end_skipped("there is no calibration to project with");
            return;
        }
        attempt([&] { project(*record); });
        end();
    }

    std::vector<SelftestCase> take() { return std::move(cases_); }

private:
    // Verdicts of the nodes, as they come.
    class Watcher final : public calibration::Observer {
    public:
        explicit Watcher(SelftestCase& into) : into_(into) {}
        void node_finished(std::string_view title, const calibration::Verdict& verdict) override {
            if (!verdict.passed)
                into_.reasons.push_back(fmt::format("{}: {}", title, verdict.text));
            into_.finding = fmt::format("{}: {}", title, verdict.text);
        }

    private:
        SelftestCase& into_;
    };

    calibration::Record calibrated() {
        calibration::Options wanted;
        wanted.inputs = options_.inputs;
        wanted.region_rows = options_.region_rows;
        wanted.region_columns = options_.region_columns;
        wanted.carrier_frames = carrier_frames;
        wanted.seed = options_.seed;
        Watcher watcher(case_);
        return calibration::calibrate(rig_.bench(), wanted, watcher, options_.stop);
    }

    // Unit vectors give the bench's matrix; random vectors then have to give what it says.
    void project(const calibration::Record& record) {
        projection::OpticalOptions optical;
        optical.inputs = options_.inputs;
        optical.quantiser.kind = projection::Quantisation::bit_planes;
        optical.stop = options_.stop;
        projection::OpticalProjector projector(rig_.bench(), record, optical);
        const Eigen::Index n = options_.inputs;
        constexpr Eigen::Index rows = 8;
        std::mt19937_64 bits(options_.seed);
        dfa::Matrix in(rows, n);
        for (Eigen::Index i = 0; i < in.size(); ++i)
            in.data()[i] = static_cast<float>(bits() >> 40) / 8388608.0F - 1.0F;
        dfa::Matrix matrix;
        dfa::Matrix out;
        projector.project(dfa::Matrix::Identity(n, n), matrix);
        projector.project(in, out);
        const Eigen::MatrixXd expected = in.cast<double>() * matrix.cast<double>();
        const Eigen::MatrixXd got = out.cast<double>();
        const double correlation = expected.cwiseProduct(got).sum() /
                                   std::sqrt(expected.squaredNorm() * got.squaredNorm());
        case_.finding = fmt::format("{} vectors of {} components to {} outputs, correlation {:.4f}",
                                    rows, n, projector.outputs(), correlation);
        if (!(correlation >= wanted_linearity))
            case_.reasons.push_back(fmt::format(
                "{}; want {:.2f}: vibration, a medium that moves, or a quantiser too coarse",
                case_.finding, wanted_linearity));
    }

    template <typename Act>
    void attempt(Act&& act) {
        try {
            act();
        } catch (const calibration::Interrupted&) {
            throw;
        } catch (const std::exception& e) {
            case_.reasons.emplace_back(e.what());
        }
        if (!case_.reasons.empty()) case_.outcome = Outcome::failed;
    }

    void begin(const char* suite, const char* title) {
        if (options_.stop.stop_requested()) throw calibration::Interrupted();
        case_ = {};
        case_.suite = suite;
        case_.title = title;
        begun_s_ = wall_s();
        if (options_.on_begin) options_.on_begin(title, cases_.size(), all_);
    }
    void end_skipped(const std::string& why) {
        case_.outcome = Outcome::skipped;
        case_.reasons = {why};
        end();
    }
    void end() {
        case_.wall_s = wall_s() - begun_s_;
        cases_.push_back(case_);
        if (options_.on_end) options_.on_end(case_);
    }
    std::string no_light() const {
        return fmt::format("nothing may emit light: '{}' failed", unsafe_);
    }

    contract::Rig& rig_;
    const SelftestOptions& options_;
    std::vector<SelftestCase> cases_;
    SelftestCase case_;
    std::string unsafe_;  // the check after which no more light is made
    std::size_t all_ = 0;
    double begun_s_ = 0;
};

}  // namespace

std::vector<SelftestCase> run_selftest(contract::Rig& rig, const SelftestOptions& options) {
    const std::vector<Check> checks = contract::all_checks();
    Run run(rig, options);
    run.checks(checks, checks.size() + (options.calibrate ? 2 : 0));
    if (options.calibrate) run.calibration_and_projection();
    return run.take();
}

}  // namespace opal::cli
