// DriftRun: projects the same vectors again and again. See drift_run.h.
#include "cli/drift_run.h"

#include "calibration/layout.h"
#include "cli/calibration_run.h"
#include "cli/progress.h"
#include "hal/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>

namespace opal::cli {

namespace {

using ComplexRows =
    Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int samples_per_truth = 5;  // the truth takes seconds to compute

dfa::Matrix random_vectors(Eigen::Index rows, Eigen::Index columns) {
    std::mt19937_64 random(1);
    dfa::Matrix vectors(rows, columns);
    for (Eigen::Index r = 0; r < rows; ++r)
        for (Eigen::Index c = 0; c < columns; ++c)
            vectors(r, c) = static_cast<float>(static_cast<int>(random() >> 33 & 0x7fff) % 3 - 1);
    return vectors;
}

// (inputs, modes)
ComplexRows entries_of(const calibration::Record& record) {
    return Eigen::Map<const ComplexRows>(record.matrix->entries.data(), record.matrix->inputs,
                                         static_cast<Eigen::Index>(record.holography.modes()));
}

double correlation(const dfa::Matrix& vectors, const ComplexRows& entries,
                   const dfa::Matrix& seen) {
    const ComplexRows predicted =
        vectors.cast<std::complex<float>>() * entries.topRows(vectors.cols());
    const Eigen::Map<const ComplexRows> out(
        reinterpret_cast<const std::complex<float>*>(seen.data()), seen.rows(), seen.cols() / 2);
    const auto cross = predicted.conjugate().cwiseProduct(out).cast<std::complex<double>>().sum();
    const double power = std::sqrt(predicted.cast<std::complex<double>>().squaredNorm() *
                                   out.cast<std::complex<double>>().squaredNorm());
    return power > 0 ? cross.real() / power : 0;
}

// The medium's own entries at some time, brought to the record's units and phases by what both say
// about the time of the calibration: one complex factor a mode.
class Truth {
public:
    Truth(const sim::SimulatedBench& bench, const calibration::Record& record)
        : bench_(bench), record_(record), factors_(entries_of(record).cols()) {
        const ComplexRows known = entries_of(record);
        const ComplexRows medium = raw(hal::Duration{0});
        for (Eigen::Index k = 0; k < known.cols(); ++k)
            factors_(k) = medium.col(k).dot(known.col(k)) / medium.col(k).squaredNorm();
    }

    ComplexRows at(hal::Duration time) const {
        return raw(time).array().rowwise() * factors_.transpose().array();
    }

private:
    ComplexRows raw(hal::Duration time) const {
        const hal::Region region = record_.holography.region;
        const int inputs = record_.matrix->inputs;
        const calibration::Layout layout(record_.dmd_rows, record_.dmd_columns, inputs);
        std::vector<std::uint8_t> bits(static_cast<std::size_t>(inputs), 0);
        hal::BitPattern pattern;
        layout.draw_without_code(bits, pattern);
        const auto black = bench_.true_field_at(pattern, region, time);
        ComplexRows fields(inputs, static_cast<Eigen::Index>(black.size()));
        for (int i = 0; i < inputs; ++i) {
            std::fill(bits.begin(), bits.end(), std::uint8_t{0});
            bits[static_cast<std::size_t>(i)] = 1;
            layout.draw_without_code(bits, pattern);
            const auto field = bench_.true_field_at(pattern, region, time);
            for (std::size_t k = 0; k < field.size(); ++k)
                fields(i, static_cast<Eigen::Index>(k)) = std::complex<float>(field[k] - black[k]);
        }
        return fields;
    }

    const sim::SimulatedBench& bench_;
    const calibration::Record& record_;
    Eigen::VectorXcf factors_;
};

}  // namespace

double DriftReport::worst_in_use() const {
    double worst = 1;
    for (const DriftSample& s : samples) worst = std::min(worst, s.in_use);
    return worst;
}

double DriftReport::worst_truth() const {
    double worst = 1;
    for (const DriftSample& s : samples) worst = std::min(worst, s.truth.value_or(1));
    return worst;
}

DriftReport run_drift(Session& session, const DriftRunOptions& options) {
    const auto opened = options.bench.open(session);
    const calibration::Record record =
        record_for(session, *opened, options.bench, options.inputs, 0);
    hal::Bench& bench = opened->bench();
    DriftReport report;
    report.bench_name = bench.name();
    report.budget = options.budget;
    report.wanted = options.wanted;
    std::optional<Truth> truth;
    if (opened->simulated() != nullptr) truth.emplace(*opened->simulated(), record);

    projection::OpticalOptions optical;
    optical.inputs = options.inputs;
    optical.drift_budget = options.budget;
    optical.stop = session.interruption.token();
    Progress progress(session.terminal, "drift", "s of the bench");
    optical.on_notice = [&](projection::Notice, const std::string& what) {
        progress.clear();
        session.terminal.note("opal: " + what);
    };
    projection::OpticalProjector projector(bench, record, optical);
    const ComplexRows frozen = entries_of(record);
    const dfa::Matrix vectors = random_vectors(options.vectors, options.inputs);
    const hal::Time begun = bench.clock().now();
    const double whole_s = 3600 * options.hours;
    const auto count = static_cast<int>(std::floor(whole_s / options.every_s + 1e-9));
    dfa::Matrix out;
    try {
        for (int n = 0; n <= count; ++n) {
            const auto due = begun + std::chrono::duration_cast<hal::Duration>(
                                         std::chrono::duration<double>(n * options.every_s));
            bench.clock().wait_until(due);
            const std::uint64_t refreshes = projector.drift().refreshes;
            projector.project(vectors, out);
            DriftSample sample;
            sample.time_s = std::chrono::duration<double>(bench.clock().now() - begun).count();
            sample.in_use = correlation(vectors, entries_of(projector.record()), out);
            sample.frozen = correlation(vectors, frozen, out);
            if (truth && (n % samples_per_truth == 0 || n == count))
                sample.truth =
                    correlation(vectors, truth->at(bench.clock().now().time_since_epoch()), out);
            sample.loss = projector.health().correlation_loss;
            sample.loss_sigma = projector.health().correlation_loss_sigma;
            if (!projector.drift().history.empty()) {
                const projection::DriftPoint& last = projector.drift().history.back();
                sample.phase_rad = last.phase_rad;
                sample.phase_sigma_rad = last.phase_sigma_rad;
                sample.power = last.power;
            }
            sample.refreshed = projector.drift().refreshes > refreshes;
            report.samples.push_back(sample);
            progress.update(sample.time_s, whole_s,
                            fmt::format("correlation {:.5f}", sample.in_use));
        }
    } catch (const hal::DeviceError& e) {
        report.stop = e.what();
    }
    report.health = projector.health();
    report.exposures = projector.stats().acquisitions;
    return report;
}

}  // namespace opal::cli
