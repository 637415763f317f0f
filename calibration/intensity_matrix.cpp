// IntensityMatrix: see intensity_matrix.h.
#include "calibration/intensity_matrix.h"

#include "calibration/hadamard.h"
#include "calibration/matrix_fit.h"
#include "calibration/nodes/exposure.h"
#include "calibration/session.h"
#include "hal/laser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>

namespace opal::calibration {

namespace {

using Bits = std::vector<std::uint8_t>;

constexpr std::size_t wanted_frames = 1536;
constexpr std::size_t held_out = 128;
constexpr std::size_t still_frames = 32;  // of all inputs on, and of none
constexpr std::uint64_t signs_purpose = 0x696e74656e73;
constexpr std::uint64_t questions_purpose = 0x7175657374;
constexpr double wanted_contrast = 50;
constexpr double wanted_correlation = 0.98;

Bits complement(Bits bits) {
    for (auto& b : bits) b ^= 1U;
    return bits;
}

std::string text_of(const Bits& bits) {
    return {bits.begin(), bits.end()};
}

class Measurement {
public:
    Measurement(Session& session, IntensityMatrix& result)
        : session_(session),
          result_(result),
          layout_(session.layout()),
          inputs_(static_cast<std::size_t>(result.inputs)),
          modes_(result.modes()),
          acquisition_(session.acquisition(result.region, session.record.holography.format,
                                           session.record.timing)) {}

    void run() {
        const int order = hadamard_order(result_.inputs);
        const std::size_t per_repeat = 2 * static_cast<std::size_t>(order);
        const std::size_t repeats = std::max<std::size_t>(2, wanted_frames / per_repeat);
        const std::size_t frames = repeats * per_repeat;
        session_.expect(frames + 2 * still_frames + 2 * held_out);
        if (look_at_contrast()) {
            matrix(repeats);
            predict();
        }
        result_.frames = static_cast<int>(frames);
        judge();
    }
    void validate() {  // the entries are known; sigma is that of a mean over all pairs of frames
        session_.expect(2 * still_frames + 2 * held_out);
        pair_variance_ = 0;
        for (const float s : result_.sigma)
            pair_variance_ += std::pow(static_cast<double>(s), 2) * (0.5 * result_.frames) /
                              static_cast<double>(modes_);
        result_.patterns = 0;
        if (look_at_contrast()) predict();
        judge();
    }

private:
    bool look_at_contrast() {
        black_ = still(Bits(inputs_, 0));
        white_ = still(Bits(inputs_, 1));
        result_.white_over_black = light(white_) / std::max(light(black_), 1e-3);
        return result_.white_over_black >= wanted_contrast;
    }

    // I(half) - I(1 - half) at the modes, (halves, modes).
    std::vector<float> differences(const std::vector<Bits>& halves) {
        std::vector<float> found(2 * halves.size() * modes_);
        read(
            2 * halves.size(),
            [&](std::size_t f) { return f % 2 == 0 ? halves[f / 2] : complement(halves[f / 2]); },
            [&](std::size_t f, std::span<const float> counts) {
                std::copy(counts.begin(), counts.end(),
                          found.begin() + static_cast<std::ptrdiff_t>(f * modes_));
            });
        for (std::size_t k = 0; k < halves.size(); ++k)
            for (std::size_t m = 0; m < modes_; ++m)
                found[k * modes_ + m] = found[2 * k * modes_ + m] - found[(2 * k + 1) * modes_ + m];
        found.resize(halves.size() * modes_);
        return found;
    }

    std::vector<float> still(const Bits& bits) {
        std::vector<std::vector<float>> frames(still_frames);
        read(
            still_frames, [&](std::size_t) { return bits; },
            [&](std::size_t index, std::span<const float> counts) {
                frames[index].assign(counts.begin(), counts.end());
            });
        std::vector<float> mean(modes_, 0);
        for (const auto& frame : frames)
            for (std::size_t m = 0; m < modes_; ++m)
                mean[m] += frame[m] / static_cast<float>(still_frames);
        return mean;
    }

    // Counts above black at the modes of frame after frame.
    template <class Pattern, class Take>
    void read(std::size_t frames, const Pattern& pattern, const Take& take) {
        constexpr std::size_t batch = 128;
        std::vector<hal::BitPattern> drawn;
        std::vector<float> counts(modes_);
        for (std::size_t first = 0; first < frames; first += drawn.size()) {
            drawn.resize(std::min(batch, frames - first));
            for (std::size_t i = 0; i < drawn.size(); ++i)
                layout_.draw_without_code(pattern(first + i), drawn[i]);
            acquisition_.acquire(drawn, [&](std::size_t index, const hal::Frame& frame) {
                at_modes(frame, counts);
                take(first + index, counts);
                session_.took_frame();
            });
        }
    }

    void at_modes(const hal::Frame& frame, std::span<float> counts) const {
        const auto black = static_cast<float>(session_.record.holography.black_level_dn);
        std::size_t m = 0;
        for (int i = 0; i < result_.mode_rows; ++i)
            for (int j = 0; j < result_.mode_columns; ++j, ++m) {
                const auto pixel = static_cast<std::size_t>(i * result_.pitch_rows_px) *
                                       static_cast<std::size_t>(result_.region.columns) +
                                   static_cast<std::size_t>(j * result_.pitch_columns_px);
                const int count =
                    hal::bits_of(frame.format) == 8 ? frame.as_u8()[pixel] : frame.as_u16()[pixel];
                counts[m] = static_cast<float>(count) - black;
            }
    }

    double light(const std::vector<float>& counts) const {
        return std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(modes_);
    }

    void matrix(std::size_t repeats) {
        std::mt19937_64 random = session_.random(signs_purpose);
        std::vector<std::int8_t> signs;
        for (std::size_t i = 0; i < repeats * inputs_; ++i)
            signs.push_back(random() >> 63 ? std::int8_t{1} : std::int8_t{-1});
        const HadamardPlan plan(result_.inputs, static_cast<int>(repeats), std::move(signs));
        std::vector<Bits> halves;
        for (std::size_t f = 0; f < plan.frames(); f += 2) {
            Bits bits(inputs_);
            for (std::size_t i = 0; i < inputs_; ++i)
                bits[i] = plan.on(f, static_cast<int>(i)) ? 1 : 0;
            shown_.insert(text_of(bits));
            shown_.insert(text_of(complement(bits)));
            halves.push_back(std::move(bits));
        }
        const std::vector<float> found = differences(halves);
        const auto pairs = static_cast<double>(halves.size());
        std::vector<double> sums(inputs_ * modes_, 0);
        for (std::size_t k = 0; k < halves.size(); ++k)
            for (std::size_t i = 0; i < inputs_; ++i) {
                const double x = halves[k][i] != 0 ? 1 : -1;
                for (std::size_t m = 0; m < modes_; ++m)
                    sums[i * modes_ + m] += x * static_cast<double>(found[k * modes_ + m]);
            }
        result_.entries.clear();
        for (const double sum : sums) result_.entries.push_back(static_cast<float>(sum / pairs));
        std::vector<double> rest(modes_, 0);  // rows are orthogonal: an entry is a mean of pairs
        std::vector<float> predicted(modes_);
        for (std::size_t k = 0; k < halves.size(); ++k) {
            project(halves[k], -1, predicted);
            for (std::size_t m = 0; m < modes_; ++m)
                rest[m] += std::pow(static_cast<double>(found[k * modes_ + m] - predicted[m]), 2);
        }
        pair_variance_ = 0;
        result_.sigma.clear();
        for (const double r : rest) {
            const double variance = r / std::max(pairs - static_cast<double>(inputs_), 1.0);
            pair_variance_ += variance / static_cast<double>(modes_);
            result_.sigma.push_back(static_cast<float>(std::sqrt(variance / pairs)));
        }
    }

    // sum over inputs of B, those that are off with the factor `off`.
    void project(const Bits& bits, float off, std::span<float> into) const {
        std::fill(into.begin(), into.end(), 0.0F);
        for (std::size_t i = 0; i < inputs_; ++i) {
            const float x = bits[i] != 0 ? 1.0F : off;
            for (std::size_t m = 0; m < modes_; ++m) into[m] += x * result_.entries[i * modes_ + m];
        }
    }

    void predict() {
        std::mt19937_64 random = session_.random(questions_purpose);
        std::vector<Bits> questions;
        constexpr int patience = 256;
        for (std::size_t q = 0; q < held_out; ++q) {
            Bits bits(inputs_);
            for (int attempt = 0; attempt < patience; ++attempt) {
                for (auto& b : bits) b = static_cast<std::uint8_t>(random() >> 63);
                if (!shown_.contains(text_of(bits))) break;
            }
            result_.patterns += shown_.contains(text_of(bits)) ? 0 : 1;
            questions.push_back(std::move(bits));
        }
        const std::vector<float> found = differences(questions);
        std::vector<float> predicted(modes_);
        std::vector<double> parts;
        double all = 0, power_predicted = 0, power_found = 0;
        for (std::size_t q = 0; q < held_out; ++q) {
            project(questions[q], 0, predicted);
            double cross = 0, p = 0, f = 0;
            for (std::size_t m = 0; m < modes_; ++m) {
                const double measured =
                    0.5 * static_cast<double>(found[q * modes_ + m] + white_[m] - black_[m]);
                cross += measured * static_cast<double>(predicted[m]);
                p += std::pow(static_cast<double>(predicted[m]), 2);
                f += measured * measured;
            }
            if (p > 0 && f > 0) parts.push_back(cross / std::sqrt(p * f));
            all += cross;
            power_predicted += p;
            power_found += f;
        }
        result_.correlation = {all / std::sqrt(std::max(power_predicted * power_found, 1e-300)),
                               mean_of(parts).sigma};
        // A quarter of a pair's variance, and in the prediction that of the entries that are on.
        double entries = 0;
        for (const float s : result_.sigma)
            entries += std::pow(static_cast<double>(s), 2) / static_cast<double>(modes_);
        const double power = power_predicted / static_cast<double>(held_out * modes_);
        result_.expected_error =
            (pair_variance_ / 4 + 0.5 * static_cast<double>(inputs_) * entries) /
            std::max(power, 1e-300);
    }

    void judge() {
        Verdict& v = result_.verdict;
        v.checks = {{.name = "white over black",
                     .unit = ": 1",
                     .value = result_.white_over_black,
                     .low = wanted_contrast}};
        if (result_.white_over_black < wanted_contrast) {
            v.text = fmt::format(
                "with all mirrors off there is still 1 : {:.1f} of the light that all of them "
                "give, want 1 : {:.0f}; block the reference arm (on a simulated bench --set "
                "reference.blocked=true) and stray light",
                result_.white_over_black, wanted_contrast);
            return;
        }
        v.checks.push_back({.name = "correlation",
                            .value = result_.correlation.value,
                            .sigma = result_.correlation.sigma,
                            .low = wanted_correlation});
        v.passed = result_.correlation.value >= wanted_correlation;
        v.text = fmt::format(
            "{} inputs x {} modes, real, from {} frames without a reference at {:.0f} us: "
            "predicted and measured combinations of intensities correlate by {:.5f} over {} "
            "patterns, {} of them new (noise alone: {:.5f})",
            result_.inputs, modes_, result_.frames, result_.exposure_us, result_.correlation.value,
            held_out, result_.patterns, 1 / std::sqrt(1 + result_.expected_error));
        if (!v.passed)
            v.text += fmt::format(", want {:.2f}; more light, or a medium that stands still",
                                  wanted_correlation);
    }

    Session& session_;
    IntensityMatrix& result_;
    Layout layout_;
    std::size_t inputs_;
    std::size_t modes_;
    Acquisition acquisition_;
    std::set<std::string> shown_;  // patterns of the matrix, text_of()
    std::vector<float> black_;     // (modes) counts above black level
    std::vector<float> white_;
    double pair_variance_ = 0;
};

// What nodes of the graph need to know of a record that is not there.
Record settings_of(hal::Bench& bench, const IntensityOptions& o, const Options& options) {
    const hal::CameraInfo& camera = bench.camera().info();
    if (o.pitch_rows_px < 1 || o.pitch_columns_px < 1 || o.region_rows < o.pitch_rows_px ||
        o.region_columns < o.pitch_columns_px)
        throw std::invalid_argument(
            fmt::format("modes of {} x {} px do not fit a region of {} x {} px", o.pitch_rows_px,
                        o.pitch_columns_px, o.region_rows, o.region_columns));
    Record record;
    record.dmd_rows = bench.dmd().info().rows;
    record.dmd_columns = bench.dmd().info().columns;
    record.inputs = o.inputs;
    record.layout = Layout(record.dmd_rows, record.dmd_columns, o.inputs).fingerprint();
    record.laser_power_mw = options.laser_power_mw;
    record.holography.format =
        *std::max_element(camera.formats.begin(), camera.formats.end(),
                          [](auto a, auto b) { return hal::bits_of(a) < hal::bits_of(b); });
    record.holography.region = centred_region(camera, o.region_rows, o.region_columns,
                                              o.pitch_rows_px, o.pitch_columns_px);
    record.survey = record.holography.region;
    return record;
}

// Everything around the patterns: dark frames, the laser, the exposure. `adjust` may change the
// timing that the light found calls for.
template <class Adjust, class Work>
void in_the_light(hal::Bench& bench, const IntensityOptions& options, Observer& observer,
                  std::stop_token stop, IntensityMatrix& result, const Adjust& adjust,
                  const Work& work) {
    Options wishes;
    wishes.inputs = options.inputs;
    wishes.seed = options.seed;
    wishes.laser_power_mw =
        options.laser_power_mw > 0 ? options.laser_power_mw : bench.laser_limit_mw();
    if (wishes.laser_power_mw > bench.laser_limit_mw())
        throw std::invalid_argument(
            fmt::format("a laser power of {:.6g} mW was asked for; this bench allows {:.6g} mW",
                        wishes.laser_power_mw, bench.laser_limit_mw()));
    Record record = settings_of(bench, options, wishes);
    Session session{bench, wishes, observer, stop, record};
    result.bench_name = bench.name();
    result.bench_identity = bench.identity();
    result.layout = record.layout;
    result.region = record.holography.region;
    result.inputs = options.inputs;
    result.pitch_rows_px = options.pitch_rows_px;
    result.pitch_columns_px = options.pitch_columns_px;
    result.mode_rows = result.region.rows / options.pitch_rows_px;
    result.mode_columns = result.region.columns / options.pitch_columns_px;

    const Dark dark = measure_dark(session);
    record.holography.black_level_dn = dark.black_level_dn.value;
    const hal::EmissionGuard light(
        bench.laser(), bench.clock(), record.laser_power_mw, bench.laser_limit_mw(),
        hal::Deadline::after(bench.clock(),
                             3 * bench.laser().info().warm_up + std::chrono::seconds(10)),
        stop);
    const Exposure exposure = measure_exposure(session);
    if (!exposure.verdict.passed) {
        result.verdict.text = exposure.verdict.text;
        return;
    }
    // All inputs on give twice the light of the half-lit patterns the exposure was made for.
    record.timing = plan_timing(bench, result.region, record.holography.format,
                                exposure.timing.exposure / 2, exposure.timing.trigger_delay);
    adjust(record, exposure);
    result.exposure_us = microseconds(record.timing.exposure);
    result.laser_power_mw = record.laser_power_mw;
    work(Measurement(session, result));
}

}  // namespace

IntensityMatrix measure_intensities(hal::Bench& bench, const IntensityOptions& options,
                                    Observer& observer, std::stop_token stop) {
    IntensityMatrix result;
    result.created_by = options.created_by;
    in_the_light(
        bench, options, observer, stop, result, [](Record&, const Exposure&) {},
        [](Measurement m) { m.run(); });
    return result;
}

IntensityMatrix validate_intensities(hal::Bench& bench, const IntensityMatrix& known,
                                     std::uint64_t seed, Observer& observer, std::stop_token stop) {
    if (known.bench_identity != bench.identity())
        throw std::invalid_argument(
            fmt::format("it was measured on another bench: {} [{}], while "
                        "this is {} [{}]",
                        known.bench_name, known.bench_identity, bench.name(), bench.identity()));
    IntensityOptions options;
    options.inputs = known.inputs;
    options.region_rows = known.region.rows;
    options.region_columns = known.region.columns;
    options.pitch_rows_px = known.pitch_rows_px;
    options.pitch_columns_px = known.pitch_columns_px;
    options.laser_power_mw = known.laser_power_mw;
    options.seed = seed;
    IntensityMatrix result = known;
    result.verdict = {};
    in_the_light(
        bench, options, observer, stop, result,
        [&](Record& record, const Exposure& exposure) {
            const auto wanted = std::chrono::duration<double, std::micro>(known.exposure_us);
            record.timing = plan_timing(bench, known.region, record.holography.format,
                                        std::chrono::round<hal::Duration>(wanted),
                                        exposure.timing.trigger_delay);
        },
        [](Measurement m) { m.validate(); });
    return result;
}

}  // namespace opal::calibration
