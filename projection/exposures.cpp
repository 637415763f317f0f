// Exposures: shows, digests, takes again. See exposures.h.
#include "projection/exposures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace opal::projection {

namespace {

constexpr int sentinels_per_run = 4;  // docs/pairing.md
// Before the third and the fourth exposure of a pattern: what shakes or surges has time to settle.
constexpr hal::Duration pauses[] = {std::chrono::milliseconds(100), std::chrono::seconds(1)};
// Between frames that follow each other: far beyond what a drift of a few radians a second and a
// vibration of tenths of a radian can do.
constexpr double phase_jump_rad = 1;
constexpr double usual_power = 0.15;  // what the light's power may be off without a word
// Of the noise that is subtracted from what a matrix leaves: it was measured once, with half of
// the inputs on.
constexpr double noise_uncertainty = 0.2;
constexpr std::uint32_t frames_for_hot = 32;
constexpr double share_for_hot = 0.9;

// The mean of a pixel's neighbours: without fringes, which is what it adds nothing with.
template <typename Count>
void mend(std::span<Count> counts, int rows, int columns, std::size_t pixel) {
    const int row = static_cast<int>(pixel) / columns;
    const int column = static_cast<int>(pixel) % columns;
    int sum = 0;
    int n = 0;
    for (int r = std::max(0, row - 1); r <= std::min(rows - 1, row + 1); ++r)
        for (int c = std::max(0, column - 1); c <= std::min(columns - 1, column + 1); ++c)
            if (r != row || c != column) {
                sum += counts[static_cast<std::size_t>(r * columns + c)];
                ++n;
            }
    counts[pixel] = static_cast<Count>(sum / std::max(n, 1));
}

}  // namespace

Exposures::Exposures(hal::Bench& bench, const calibration::Record& record, int inputs,
                     std::vector<std::size_t> chosen_modes, const OpticalOptions& options)
    : bench_(bench),
      inputs_(inputs),
      chosen_modes_(std::move(chosen_modes)),
      options_(options),
      demodulator_(record.holography),
      pilot_(record, inputs),
      check_(record, inputs),
      workers_(1 + static_cast<std::size_t>(std::max(0, options.threads))),
      acquisition_(bench, record.holography.region, record.holography.format, record.timing,
                   options.stop),
      team_(options.threads, [this](std::size_t index, const hal::Frame& frame, int worker) {
          digest(index, frame, static_cast<std::size_t>(worker));
      }) {
    for (Worker& w : workers_) {
        w.field.resize(demodulator_.modes());
        w.hits.resize(record.holography.region.pixels());
    }
    if (record.drift) acquisition_.most_per_run = record.drift->batch_frames;
    if (record.matrix) noise_power_ = record.matrix->noise_power;
    acquisition_.on_repeat = [this](const std::string& why) { tell(Notice::run_repeated, why); };
}

void Exposures::tell(Notice kind, const std::string& what) const {
    if (options_.on_notice) options_.on_notice(kind, what);
}

// One frame -> one row of `fields_`. Runs on the team's threads; rows are disjoint.
void Exposures::digest(std::size_t index, const hal::Frame& frame, std::size_t worker) {
    const std::size_t pattern = retried_.empty() ? index : retried_[index];
    Worker& w = workers_[worker];
    Pilot::Reading& reading = readings_[pattern];
    FrameCheck::Finding& finding = findings_[pattern];
    finding = {};
    reading = {};
    moments_[pattern] = {round_, frame.device_time};
    check_.look(frame, finding, w.hits);
    ++w.frames;
    const hal::Frame* good = &frame;
    if (!hot_.empty()) {
        w.mended = frame;
        for (const std::size_t pixel : hot_) {
            if (frame.format == hal::PixelFormat::mono8)
                mend(w.mended.as_u8(), frame.region.rows, frame.region.columns, pixel);
            else
                mend(w.mended.as_u16(), frame.region.rows, frame.region.columns, pixel);
        }
        good = &w.mended;
    }
    demodulator_.demodulate(*good, w.field, w.workspace);
    const std::uint32_t word = batch_->words[pattern];
    const auto bits = batch_->bits_of(pattern);
    pilot_.read(w.field, word, bits, reading);
    if (!reading.proven && options_.check_frames) return;
    if (whole_ != nullptr)
        std::copy(w.field.begin(), w.field.end(),
                  whole_->row(static_cast<Eigen::Index>(pattern)).data());
    check_.compare(pilot_, w.field, reading, word, bits, finding);
    if (!finding.plausible && options_.check_frames) return;
    const std::complex<float> inverse = 1.0F / reading.gain;
    for (std::size_t k = 0; k < chosen_modes_.size(); ++k) {
        const std::size_t mode = chosen_modes_[k];
        fields_(static_cast<Eigen::Index>(pattern), static_cast<Eigen::Index>(k)) =
            pilot_.data_field(w.field[mode], mode, word, inverse);
    }
}

// Shows patterns and waits until all their frames are digested.
void Exposures::expose(std::span<const hal::BitPattern> patterns) {
    ++round_;
    const std::uint64_t repeated_before = acquisition_.stats().repeated_runs;
    std::size_t next = 0;
    const auto count_repeats = [&] {
        const std::uint64_t repeated = acquisition_.stats().repeated_runs - repeated_before;
        health.repeated_runs += repeated;
        repeats += repeated * (patterns.size() + sentinels_per_run);
    };
    try {
        acquisition_.acquire(patterns, [&](std::size_t index, const hal::Frame& frame) {
            // A repeated run begins again: what the team still has of it must not come later.
            if (index < next) team_.drain();
            next = index + 1;
            if (options_.on_frame)
                options_.on_frame(retried_.empty() ? index : retried_[index], patterns[index],
                                  frame);
            team_.submit(index, frame);
        });
    } catch (...) {
        team_.settle();
        count_repeats();
        throw;
    }
    team_.drain();
    count_repeats();
}

std::vector<std::size_t> Exposures::unproven() const {
    std::vector<std::size_t> list;
    if (!options_.check_frames) return list;
    for (std::size_t k = 0; k < readings_.size(); ++k)
        if (!readings_[k].proven || !findings_[k].plausible) list.push_back(k);
    return list;
}

std::vector<std::size_t> Exposures::measure(EncodedBatch& batch, Encoder& encoder) {
    batch_ = &batch;
    fields_.resize(static_cast<Eigen::Index>(std::max<std::size_t>(batch.distinct, 1)),
                   static_cast<Eigen::Index>(chosen_modes_.size()));
    readings_.assign(batch.distinct, {});
    findings_.assign(batch.distinct, {});
    moments_.assign(batch.distinct, {});
    retried_.clear();
    if (batch.distinct == 0) return {};
    expose(batch.shown());
    std::vector<std::size_t> left = unproven();
    for (int attempt = 2; !left.empty(); ++attempt) {
        health.unread_frames += left.size();
        for (const std::size_t k : left) {
            if (findings_[k].saturated_px > 0 && !findings_[k].plausible) ++health.saturated_frames;
        }
        tell(Notice::frames_unread,
             fmt::format("{} of {} frames are not what was shown; the first {}", left.size(),
                         batch.distinct, explain(left.front())));
        if (attempt > OpticalProjector::max_attempts) break;
        if (attempt > 2) bench_.clock().wait_for(pauses[attempt - 3]);
        repeats += left.size();
        retried_ = std::move(left);
        std::vector<hal::BitPattern> again;
        for (const std::size_t k : retried_) {
            encoder.renew(k, batch);
            again.push_back(batch.patterns[k]);
        }
        expose(again);
        left = unproven();
    }
    retried_.clear();
    find_hot_pixels();
    if (left.empty()) look_back();
    say_used(left);
    return left;
}

void Exposures::say_used(const std::vector<std::size_t>& unused) const {
    if (!options_.on_used) return;
    std::vector<std::uint8_t> used(readings_.size(), 1);
    for (const std::size_t k : unused) used[k] = 0;
    options_.on_used(used);
}

// What all frames of a batch say together.
void Exposures::look_back() {
    double power = 0;
    for (std::size_t k = 0; k < readings_.size(); ++k) {
        health.lowest_correlation =
            std::min(health.lowest_correlation, double{readings_[k].expected});
        power += std::abs(readings_[k].gain) / static_cast<double>(readings_.size());
        // A frame that was taken again is seconds from its neighbours in the batch.
        if (!follows(k)) continue;
        const double step =
            std::abs(std::arg(readings_[k].gain * std::conj(readings_[k - 1].gain)));
        health.largest_phase_step_rad = std::max(health.largest_phase_step_rad, step);
        if (step > phase_jump_rad) {
            ++health.phase_jumps;
            tell(Notice::phase_jump,
                 fmt::format("the phase between the arms jumped by {:.1f} rad from one frame to "
                             "the next and was taken out; did someone touch the table?",
                             step));
        }
    }
    if (!check_.has_matrix()) return;  // gains then have no absolute value
    health.lowest_power = std::min(health.lowest_power, power);
    health.highest_power = std::max(health.highest_power, power);
    const bool off = std::abs(power - 1) > usual_power;
    if (off && !power_is_off_)
        tell(Notice::power,
             fmt::format("the light has {:.0f} % of the power it was calibrated with; it is "
                         "divided out, down to 50 %",
                         100 * power));
    power_is_off_ = off;
}

bool Exposures::follows(std::size_t pattern) const {
    if (pattern == 0 || moments_[pattern].round != moments_[pattern - 1].round) return false;
    const hal::Duration gap = moments_[pattern].device_time - moments_[pattern - 1].device_time;
    return gap > hal::Duration{0} && 2 * gap < 3 * acquisition_.timing().period();
}

void Exposures::find_hot_pixels() {
    std::uint32_t frames = 0;
    for (const Worker& w : workers_) frames += w.frames;
    if (frames < frames_for_hot) return;
    std::vector<std::uint32_t> hits(workers_.front().hits.size());
    for (Worker& w : workers_) {
        for (std::size_t i = 0; i < hits.size(); ++i) hits[i] += w.hits[i];
        std::fill(w.hits.begin(), w.hits.end(), std::uint16_t{0});
        w.frames = 0;
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        if (hits[i] < share_for_hot * frames) continue;
        if (std::find(hot_.begin(), hot_.end(), i) != hot_.end()) continue;
        hot_.push_back(i);
        ++found;
    }
    if (found == 0) return;
    health.hot_pixels += found;
    tell(Notice::hot_pixels,
         fmt::format("{} pixels are saturated in every frame: hot, and left out from now on",
                     found));
}

Exposures::Summary Exposures::summary() const {
    Summary s;
    double rest = 0;
    double data = 0;
    double power = 0;
    double noise = 0;
    for (std::size_t k = 0; k < findings_.size(); ++k) {
        noise += double{findings_[k].noise};
        rest += double{findings_[k].rest};
        data += double{findings_[k].data};
        power += double{std::abs(readings_[k].gain)} / static_cast<double>(findings_.size());
    }
    if (!check_.has_matrix() || !(data > 0)) return s;
    s.compared = true;
    s.rest_over_data.value = rest / data;
    double square = 0;
    for (const auto& f : findings_)
        square += std::pow(double{f.rest} - s.rest_over_data.value * double{f.data}, 2);
    s.rest_over_data.sigma = std::hypot(std::sqrt(square), noise_uncertainty * noise) / data;
    const std::complex<double> last(readings_.back().gain);
    // Half of a gain's variance is across it: that half turns it.
    s.phase_rad = {std::arg(last),
                   std::sqrt(0.5 * pilot_.gain_variance(batch_->words.back(), noise_power_)) /
                       std::max(std::abs(last), 1e-30)};
    s.power = power;
    return s;
}

bool Exposures::medium_is_off(std::size_t pattern) const {
    const auto& f = findings_[pattern];
    const double pixels = static_cast<double>(workers_.front().hits.size());
    if (f.saturated_px > FrameCheck::most_saturated * pixels) return false;
    return readings_[pattern].proven && f.rest > FrameCheck::largest_rest * f.light;
}

std::string Exposures::explain(std::size_t pattern) const {
    const auto& reading = readings_[pattern];
    const auto& f = findings_[pattern];
    const double pixels = static_cast<double>(workers_.front().hits.size());
    if (f.saturated_px > FrameCheck::most_saturated * pixels)
        return fmt::format("has {:.1f} % of its pixels saturated; look at the laser's power",
                           100 * f.saturated_px / pixels);
    if (medium_is_off(pattern))
        return fmt::format(
            "shows its code word, but {:.0f} % of its light is not its pattern's: "
            "another pattern is mixed in, or the medium has changed",
            100 * f.rest / f.light);
    const double power = double{std::abs(reading.gain)};
    if (check_.has_matrix() && reading.word == batch_->words[pattern] && power > 0 &&
        (power * Pilot::gain_range < 1 || power > Pilot::gain_range))
        return fmt::format(
            "has {:.0f} % of the light it was calibrated with; look at the laser "
            "and what stands in its way",
            100 * power);
    return fmt::format(
        "carries code word {}, but its light shows word {} (correlation {:.2f}, its "
        "own {:.2f})",
        batch_->words[pattern], reading.word, reading.correlation, reading.expected);
}

RefreshFrames Exposures::measure_whole(EncodedBatch& batch) {
    batch_ = &batch;
    FieldMatrix whole(static_cast<Eigen::Index>(batch.distinct),
                      static_cast<Eigen::Index>(demodulator_.modes()));
    fields_.resize(static_cast<Eigen::Index>(batch.distinct),
                   static_cast<Eigen::Index>(chosen_modes_.size()));
    readings_.assign(batch.distinct, {});
    findings_.assign(batch.distinct, {});
    moments_.assign(batch.distinct, {});
    retried_.clear();
    whole_ = &whole;
    try {
        expose(batch.shown());
    } catch (...) {
        whole_ = nullptr;
        throw;
    }
    whole_ = nullptr;
    RefreshFrames frames;
    std::vector<std::size_t> unused;
    const double most = FrameCheck::most_saturated * static_cast<double>(workers_[0].hits.size());
    for (std::size_t k = 0; k < batch.distinct; ++k) {
        if (!readings_[k].proven || findings_[k].saturated_px > most) {
            unused.push_back(k);
            continue;
        }
        const auto bits = batch.bits_of(k);
        frames.bits.insert(frames.bits.end(), bits.begin(), bits.end());
        frames.words.push_back(batch.words[k]);
        const auto row = whole.row(static_cast<Eigen::Index>(k));
        frames.fields.insert(frames.fields.end(), row.data(), row.data() + row.size());
    }
    say_used(unused);
    return frames;
}

void Exposures::use(const calibration::Record& record) {
    pilot_ = Pilot(record, inputs_);
    check_ = FrameCheck(record, inputs_);
    if (record.matrix) noise_power_ = record.matrix->noise_power;
}

std::uint64_t Exposures::exposures() const {
    const auto& stats = acquisition_.stats();
    return stats.frames + stats.runs * sentinels_per_run;
}

}  // namespace opal::projection
