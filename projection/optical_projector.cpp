// OpticalProjector: runs the arrows of the hot path one after another. See the header.
#include "projection/optical_projector.h"

#include "calibration/acquisition.h"
#include "calibration/demodulator.h"
#include "calibration/layout.h"
#include "hal/error.h"
#include "hal/laser.h"
#include "projection/demodulation_team.h"
#include "projection/encoder.h"
#include "projection/philox.h"
#include "projection/pilot.h"
#include "projection/recombine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace opal::projection {

namespace {

constexpr int sentinels_per_run = 4;  // docs/pairing.md
constexpr int scale_samples = 16;     // random sign vectors that measure the outputs' scale
constexpr PhiloxKey scale_key{0x6f70616c, 0x7363616c};
constexpr std::chrono::seconds laser_patience{60};  // beyond twice the warm-up of its data sheet

const calibration::Record& checked(const hal::Bench& bench, const calibration::Record& record) {
    if (bench.identity() == record.bench_identity) return record;
    throw hal::DeviceError(
        hal::ErrorKind::refused, bench.name(), "project",
        fmt::format("the calibration record was made on another bench or another medium: {} [{}], "
                    "while this is {} [{}]; calibrate this bench",
                    record.bench_name, record.bench_identity, bench.name(), bench.identity()));
}

// Inputs of the layout: those of the matrix, so that a pattern means what it meant there.
int layout_inputs(const OpticalOptions& options, const calibration::Record& record) {
    if (!record.matrix && options.inputs >= 1) return options.inputs;
    if (!record.matrix) {
        throw std::invalid_argument(
            "optical projector: the record holds no transmission matrix, so the number of inputs "
            "has to be given");
    }
    if (options.inputs < 0 || options.inputs > record.matrix->inputs) {
        throw std::invalid_argument(fmt::format(
            "optical projector: vectors of {} components asked; the record's transmission matrix "
            "was measured for vectors of up to {}; opal calibrate --inputs {} makes one that can",
            options.inputs, record.matrix->inputs, options.inputs));
    }
    return record.matrix->inputs;
}

Eigen::Index checked_outputs(const OpticalOptions& options, const calibration::Record& record) {
    const auto most = static_cast<Eigen::Index>(2 * record.holography.modes());
    const Eigen::Index outputs = options.outputs == 0 ? most : options.outputs;
    if (outputs >= 1 && outputs <= most) return outputs;
    throw std::invalid_argument(fmt::format(
        "optical projector: {} outputs asked; this record has {} modes, so 1 to {} are "
        "possible (real and imaginary part of each); opal calibrate --region with more pixels "
        "gives more",
        options.outputs, most / 2, most));
}

// The modes that serve as outputs, spread evenly over all: neighbours share a little light.
std::vector<std::size_t> spread_modes(std::size_t modes, Eigen::Index outputs) {
    const auto used = static_cast<std::size_t>((outputs + 1) / 2);
    std::vector<std::size_t> chosen(used);
    for (std::size_t k = 0; k < used; ++k) chosen[k] = k * modes / used;
    return chosen;
}

// Random signs in the first `used` of `inputs` components, the same every time: each one's light is
// on in one pattern of each pair, so E|out|^2 is the sum over them of the mean |T_i|^2.
void draw_scale_batch(int used, int inputs, QuantisedBatch& into) {
    into.reshape(scale_samples, inputs, 1);
    std::fill(into.scale.begin(), into.scale.end(), 1.0F);
    for (std::size_t i = 0; i < into.plus.size(); ++i) {
        if (i % static_cast<std::size_t>(inputs) >= static_cast<std::size_t>(used)) continue;
        const auto words = philox({static_cast<std::uint32_t>(i), 0, 0, 0}, scale_key);
        (words[0] & 1 ? into.plus : into.minus)[i] = 1;
    }
}

}  // namespace

struct OpticalProjector::Machine {
    Machine(hal::Bench& the_bench, const calibration::Record& record, const OpticalOptions& options)
        : bench(the_bench),
          outputs(checked_outputs(options, checked(bench, record))),
          layout(record.dmd_rows, record.dmd_columns, layout_inputs(options, record)),
          inputs(options.inputs > 0 ? options.inputs : layout.inputs()),
          quantiser(options.quantiser),
          encoder(layout),
          demodulator(record.holography),
          pilot(record, layout.inputs()),
          chosen_modes(spread_modes(record.holography.modes(), outputs)),
          whole_fields(1 + static_cast<std::size_t>(std::max(0, options.threads)),
                       std::vector<std::complex<float>>(demodulator.modes())),
          workspaces(whole_fields.size()),
          light(bench.laser(), bench.clock(), record.laser_power_mw, bench.laser_limit_mw(),
                hal::Deadline::after(bench.clock(),
                                     2 * bench.laser().info().warm_up + laser_patience),
                options.stop),
          acquisition(bench, record.holography.region, record.holography.format, record.timing,
                      options.stop),
          team(options.threads, [this](std::size_t index, const hal::Frame& frame, int worker) {
              digest(index, frame, static_cast<std::size_t>(worker));
          }) {}

    // One frame -> one row of `fields`. Runs on the team's threads; rows are disjoint.
    void digest(std::size_t index, const hal::Frame& frame, std::size_t worker) {
        const std::size_t pattern = retried.empty() ? index : retried[index];
        auto& field = whole_fields[worker];
        demodulator.demodulate(frame, field, workspaces[worker]);
        const std::uint32_t word = encoded.words[pattern];
        Pilot::Reading& reading = readings[pattern];
        pilot.read(field, word, encoded.bits_of(pattern), reading);
        if (!reading.proven) return;
        const std::complex<float> inverse = 1.0F / reading.gain;
        for (std::size_t k = 0; k < chosen_modes.size(); ++k) {
            const std::size_t mode = chosen_modes[k];
            fields(static_cast<Eigen::Index>(pattern), static_cast<Eigen::Index>(k)) =
                pilot.data_field(field[mode], mode, word, inverse);
        }
    }

    // Shows patterns and waits until all their frames are digested.
    void expose(std::span<const hal::BitPattern> patterns) {
        const std::uint64_t repeated_before = acquisition.stats().repeated_runs;
        std::size_t next = 0;
        try {
            acquisition.acquire(patterns, [&](std::size_t index, const hal::Frame& frame) {
                // A repeated run begins again: what the team still has of it must not come later.
                if (index < next) team.drain();
                next = index + 1;
                team.submit(index, frame);
            });
        } catch (...) {
            team.settle();
            throw;
        }
        team.drain();
        const std::uint64_t repeated = acquisition.stats().repeated_runs - repeated_before;
        health.repeated_runs += repeated;
        repeats += repeated * (patterns.size() + sentinels_per_run);
    }

    // Measures `encoded` into `fields`.
    void measure() {
        fields.resize(static_cast<Eigen::Index>(std::max<std::size_t>(encoded.distinct, 1)),
                      static_cast<Eigen::Index>(chosen_modes.size()));
        readings.assign(encoded.distinct, {});
        retried.clear();
        if (encoded.distinct == 0) return;
        expose(encoded.shown());
        for (int attempt = 2;; ++attempt) {
            std::vector<std::size_t> unread;
            for (std::size_t k = 0; k < encoded.distinct; ++k) {
                if (!readings[k].proven) unread.push_back(k);
            }
            if (unread.empty()) break;
            health.unread_frames += unread.size();
            if (attempt > max_attempts) give_up(unread.front());
            repeats += unread.size();
            retried = std::move(unread);
            std::vector<hal::BitPattern> again;
            for (const std::size_t k : retried) {
                encoder.renew(k, encoded);
                again.push_back(encoded.patterns[k]);
            }
            expose(again);
        }
        for (std::size_t k = 0; k < encoded.distinct; ++k) {
            health.lowest_correlation =
                std::min(health.lowest_correlation, double{readings[k].expected});
            if (k == 0) continue;
            const double step = std::arg(readings[k].gain * std::conj(readings[k - 1].gain));
            health.largest_phase_step_rad = std::max(health.largest_phase_step_rad, std::abs(step));
        }
    }

    [[noreturn]] void give_up(std::size_t pattern) const {
        const auto& reading = readings[pattern];
        throw hal::DeviceError(
            hal::ErrorKind::mispaired, bench.name(), "project",
            fmt::format(
                "pattern {} of {} carries code word {}, but its light never showed its word in {} "
                "exposures (correlation {:.2f}; word {} has {:.2f}); nothing was returned. "
                "Either frames and patterns are shifted (look at the trigger cable) or the "
                "medium has moved since the calibration (calibrate again)",
                pattern, encoded.distinct, encoded.words[pattern], max_attempts, reading.expected,
                reading.word, reading.correlation));
    }

    void measure_scale() {
        draw_scale_batch(inputs, layout.inputs(), quantised);
        encoder.encode(quantised, encoded);
        measure();
        dfa::Matrix outcome;
        recombine(quantised, encoded, fields, 1, outputs, outcome);
        const double mean_square =
            outcome.cast<double>().squaredNorm() / static_cast<double>(outcome.size());
        if (!(mean_square > 0) || !std::isfinite(mean_square)) {
            throw hal::DeviceError(hal::ErrorKind::refused, bench.name(), "project",
                                   "the inputs' mirrors send no light to the camera; look at the "
                                   "illumination of the DMD and calibrate again");
        }
        // |e|^2 = inputs, so components of variance |e|^2 / inputs have mean square 1.
        gain = static_cast<float>(1 / std::sqrt(mean_square));
        exposures_before = exposures();
        health = {};
        repeats = 0;
    }

    std::uint64_t exposures() const {
        const auto& stats = acquisition.stats();
        return stats.frames + stats.runs * sentinels_per_run;
    }

    hal::Bench& bench;
    Eigen::Index outputs;
    calibration::Layout layout;
    int inputs;  // the first ones of the layout
    Quantiser quantiser;
    Encoder encoder;
    calibration::Demodulator demodulator;
    Pilot pilot;
    std::vector<std::size_t> chosen_modes;
    float gain = 1;

    dfa::Matrix padded;  // errors, with zeros for inputs not used
    QuantisedBatch quantised;
    EncodedBatch encoded;
    FieldMatrix fields;  // (distinct, chosen modes): light of the data alone, sqrt(DN)
    std::vector<Pilot::Reading> readings;  // (distinct)
    std::vector<std::size_t> retried;      // patterns being shown again; empty: all
    std::vector<std::vector<std::complex<float>>> whole_fields;  // per thread: (modes)
    std::vector<calibration::Demodulator::Workspace> workspaces;

    std::uint64_t vectors = 0;
    std::uint64_t repeats = 0;
    std::uint64_t exposures_before = 0;
    OpticalHealth health;

    hal::EmissionGuard light;
    calibration::Acquisition acquisition;
    DemodulationTeam team;  // last: its threads use everything above
};

OpticalProjector::OpticalProjector(hal::Bench& bench, const calibration::Record& record,
                                   const OpticalOptions& options)
    : machine_(std::make_unique<Machine>(bench, record, options)) {
    machine_->measure_scale();
}

OpticalProjector::~OpticalProjector() = default;

Eigen::Index OpticalProjector::inputs() const {
    return machine_->inputs;
}

Eigen::Index OpticalProjector::outputs() const {
    return machine_->outputs;
}

void OpticalProjector::project(const dfa::Matrix& errors, dfa::Matrix& feedback) {
    if (errors.cols() != inputs()) {
        throw std::invalid_argument(
            fmt::format("optical projector: vectors of {} components given; it was made for {}",
                        errors.cols(), inputs()));
    }
    Machine& m = *machine_;
    m.padded.setZero(errors.rows(), m.layout.inputs());
    m.padded.leftCols(errors.cols()) = errors;
    m.quantiser.quantise(m.padded, m.vectors, m.quantised);
    m.encoder.encode(m.quantised, m.encoded);
    m.measure();
    recombine(m.quantised, m.encoded, m.fields, m.gain, m.outputs, feedback);
    m.vectors += static_cast<std::uint64_t>(errors.rows());
}

dfa::ProjectionStats OpticalProjector::stats() const {
    return {.vectors = machine_->vectors,
            .acquisitions = machine_->exposures() - machine_->exposures_before,
            .repeats = machine_->repeats};
}

std::string OpticalProjector::description() const {
    return fmt::format("optical {} -> {} on {}, {}", inputs(), outputs(), machine_->bench.name(),
                       machine_->quantiser.description());
}

const OpticalHealth& OpticalProjector::health() const {
    return machine_->health;
}

double OpticalProjector::gain() const {
    return machine_->gain;
}

}  // namespace opal::projection
