// OpticalProjector: runs the arrows of the hot path one after another. See the header.
#include "projection/optical_projector.h"

#include "calibration/layout.h"
#include "hal/error.h"
#include "hal/laser.h"
#include "projection/encoder.h"
#include "projection/exposures.h"
#include "projection/matrix_refresh.h"
#include "projection/philox.h"
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

constexpr int scale_samples = 16;  // random sign vectors that measure the outputs' scale
constexpr PhiloxKey scale_key{0x6f70616c, 0x7363616c};
constexpr PhiloxKey refresh_key{0x6f70616c, 0x72667368};
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

// Which inputs are on in the patterns of the `number`-th refresh: each with even chance.
std::vector<std::uint8_t> refresh_bits(std::uint64_t number, int inputs) {
    std::vector<std::uint8_t> bits(refresh_frames(inputs) * static_cast<std::size_t>(inputs));
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const auto words =
            philox({static_cast<std::uint32_t>(i / 128), static_cast<std::uint32_t>(i / 128 >> 32),
                    static_cast<std::uint32_t>(number), 0},
                   refresh_key);
        bits[i] = static_cast<std::uint8_t>(words[i % 128 / 32] >> i % 32 & 1);
    }
    return bits;
}

// What the matrix left unexplained of the calibration's own held-out patterns, again and again
// with the same pattern. Noise of frames is no part of it, nor is the strip's: FrameCheck takes
// both out.
calibration::Measured own_rest_of(const calibration::Record& record) {
    if (!record.validation) return {};
    calibration::Measured own = record.validation->reproducible_error;
    for (const auto& source : record.validation->budget)
        if (source.name == "strip noise") own.value -= source.share;
    own.value = std::max(own.value, 0.0);
    return own;
}

}  // namespace

struct OpticalProjector::Machine {
    Machine(hal::Bench& the_bench, const calibration::Record& the_record,
            const OpticalOptions& options)
        : bench(the_bench),
          record(checked(bench, the_record)),
          outputs(checked_outputs(options, record)),
          layout(record.dmd_rows, record.dmd_columns, layout_inputs(options, record)),
          inputs(options.inputs > 0 ? options.inputs : layout.inputs()),
          on_notice(options.on_notice),
          quantiser(options.quantiser),
          encoder(layout, bench.dmd().info().loading_is_slow ? Words::kept : Words::counted),
          watch(options.drift_budget, own_rest_of(record)),
          light(bench.laser(), bench.clock(), record.laser_power_mw, bench.laser_limit_mw(),
                hal::Deadline::after(bench.clock(),
                                     2 * bench.laser().info().warm_up + laser_patience),
                options.stop),
          exposures(bench, record, layout.inputs(),
                    spread_modes(record.holography.modes(), outputs), options) {}

    double now_s() const {
        return std::chrono::duration<double>(bench.clock().now().time_since_epoch()).count();
    }

    // Measures `encoded`; what is returned keeps the budget, as far as a new matrix can.
    void measure() {
        if (encoded.distinct == 0) return;
        constexpr int most_refreshes = 2;  // for one batch
        for (int refreshes = 0;; ++refreshes) {
            const auto left = exposures.measure(encoded, encoder);
            if (!left.empty()) {
                const bool medium = exposures.has_matrix() && watch.state().budget > 0 &&
                                    std::all_of(left.begin(), left.end(), [&](std::size_t k) {
                                        return exposures.medium_is_off(k);
                                    });
                if (!medium || refreshes == most_refreshes) give_up(left.front());
                refresh(FrameCheck::largest_rest);
                continue;
            }
            const auto found = exposures.summary();
            if (!found.compared) return;
            watch.add(now_s(), found.rest_over_data, found.phase_rad, found.power);
            const bool spent = watch.spent(now_s());
            if (!spent || refreshes == most_refreshes) {
                note_batch(found.phase_rad.sigma);
                if (spent) note_beyond_budget(refreshes);
                return;
            }
            // The batch is taken again with the new matrix, beyond the budget or soon to be:
            // the frames of a refresh have taken the place of its own.
            refresh(found.rest_over_data.value);
        }
    }

    // Of a batch that is returned.
    void note_batch(double phase_sigma_rad) {
        OpticalHealth& health = exposures.health;
        health.correlation_loss = watch.state().loss;
        health.correlation_loss_sigma = watch.state().sigma;
        health.largest_correlation_loss =
            std::max(health.largest_correlation_loss, watch.state().loss);
        health.largest_phase_sigma_rad = std::max(health.largest_phase_sigma_rad, phase_sigma_rad);
    }

    void note_beyond_budget(int refreshes) {
        ++exposures.health.beyond_budget;
        if (on_notice)
            on_notice(Notice::beyond_budget,
                      fmt::format("a batch is returned with {:.2f} +- {:.2f} % of its correlation "
                                  "lost, the budget is {:.2f} %: the matrix was measured again {} "
                                  "times for it, and the light has changed again",
                                  100 * watch.state().loss, 100 * watch.state().sigma,
                                  100 * watch.state().budget, refreshes));
    }

    void refresh(double rest_over_data) {
        const double loss = watch.state().loss;
        encoder.encode_plain(refresh_bits(watch.state().refreshes, layout.inputs()), known);
        const RefreshFrames frames = exposures.measure_whole(known);
        // Fewer than two frames for each unknown would leave it to chance.
        if (2 * frames.words.size() < known.distinct) {
            throw hal::DeviceError(
                hal::ErrorKind::mispaired, bench.name(), "refresh",
                fmt::format("the matrix had to be measured again, and only {} of {} frames could "
                            "be read; the light has changed too much: calibrate again",
                            frames.words.size(), known.distinct));
        }
        const RefreshResult result = refresh_matrix(record, frames, rest_over_data);
        exposures.use(record);
        watch.restart(now_s(), {result.own_rest, 0});
        ++exposures.health.matrix_refreshes;
        if (on_notice) {
            on_notice(
                Notice::matrix_measured,
                fmt::format("the matrix was measured again with {} patterns: the medium had lost "
                            "{:.2f} % of "
                            "its correlation, the budget is {:.2f} %; entries are good to {:.1f} %",
                            frames.words.size(), 100 * loss, 100 * watch.state().budget,
                            100 * result.entry_sigma));
        }
    }

    [[noreturn]] void give_up(std::size_t pattern) const {
        throw hal::DeviceError(
            hal::ErrorKind::mispaired, bench.name(), "project",
            fmt::format("pattern {} of {} {} in {} exposures; nothing was returned. Either frames "
                        "and patterns are shifted (look at the trigger cable) or the light has "
                        "changed since the calibration (calibrate again)",
                        pattern, encoded.distinct, exposures.explain(pattern), max_attempts));
    }

    void measure_scale() {
        draw_scale_batch(inputs, layout.inputs(), quantised);
        encoder.encode(quantised, encoded);
        measure();
        dfa::Matrix outcome;
        recombine(quantised, encoded, exposures.fields(), 1, outputs, outcome);
        const double mean_square =
            outcome.cast<double>().squaredNorm() / static_cast<double>(outcome.size());
        if (!(mean_square > 0) || !std::isfinite(mean_square)) {
            throw hal::DeviceError(hal::ErrorKind::refused, bench.name(), "project",
                                   "the inputs' mirrors send no light to the camera; look at the "
                                   "illumination of the DMD and calibrate again");
        }
        // |e|^2 = inputs, so components of variance |e|^2 / inputs have mean square 1.
        gain = static_cast<float>(1 / std::sqrt(mean_square));
        exposures_before = exposures.exposures();
        const std::uint64_t refreshes = exposures.health.matrix_refreshes;
        exposures.health = {};
        exposures.health.matrix_refreshes = refreshes;
        exposures.repeats = 0;
    }

    hal::Bench& bench;
    calibration::Record record;  // with the matrix in use
    Eigen::Index outputs;
    calibration::Layout layout;
    int inputs;  // the first ones of the layout
    std::function<void(Notice, const std::string&)> on_notice;
    Quantiser quantiser;
    Encoder encoder;
    DriftWatch watch;
    float gain = 1;

    dfa::Matrix padded;  // errors, with zeros for inputs not used
    QuantisedBatch quantised;
    EncodedBatch encoded;
    EncodedBatch known;  // patterns of a refresh

    std::uint64_t vectors = 0;
    std::uint64_t exposures_before = 0;

    hal::EmissionGuard light;
    Exposures exposures;  // last: its threads use everything above
};

void OpticalHealth::add(const OpticalHealth& later) {
    unread_frames += later.unread_frames;
    repeated_runs += later.repeated_runs;
    lowest_correlation = std::min(lowest_correlation, later.lowest_correlation);
    largest_phase_step_rad = std::max(largest_phase_step_rad, later.largest_phase_step_rad);
    saturated_frames += later.saturated_frames;
    phase_jumps += later.phase_jumps;
    hot_pixels += later.hot_pixels;
    lowest_power = std::min(lowest_power, later.lowest_power);
    highest_power = std::max(highest_power, later.highest_power);
    matrix_refreshes += later.matrix_refreshes;
    correlation_loss = later.correlation_loss;
    correlation_loss_sigma = later.correlation_loss_sigma;
    largest_correlation_loss = std::max(largest_correlation_loss, later.largest_correlation_loss);
    beyond_budget += later.beyond_budget;
    largest_phase_sigma_rad = std::max(largest_phase_sigma_rad, later.largest_phase_sigma_rad);
}

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
    recombine(m.quantised, m.encoded, m.exposures.fields(), m.gain, m.outputs, feedback);
    m.vectors += static_cast<std::uint64_t>(errors.rows());
}

dfa::ProjectionStats OpticalProjector::stats() const {
    return {.vectors = machine_->vectors,
            .acquisitions = machine_->exposures.exposures() - machine_->exposures_before,
            .repeats = machine_->exposures.repeats};
}

std::string OpticalProjector::description() const {
    return fmt::format("optical {} -> {} on {}, {}", inputs(), outputs(), machine_->bench.name(),
                       machine_->quantiser.description());
}

const OpticalHealth& OpticalProjector::health() const {
    return machine_->exposures.health;
}

const DriftState& OpticalProjector::drift() const {
    return machine_->watch.state();
}

const calibration::Record& OpticalProjector::record() const {
    return machine_->record;
}

void OpticalProjector::refresh() {
    if (!machine_->exposures.has_matrix())
        throw std::invalid_argument(
            "optical projector: the record holds no transmission matrix to measure again");
    machine_->refresh(machine_->watch.state().budget);
}

double OpticalProjector::gain() const {
    return machine_->gain;
}

}  // namespace opal::projection
