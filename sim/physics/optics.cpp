// Optics: the arrows of the simulated optics, joined. See optics.h.
#include "sim/physics/optics.h"

#include "sim/physics/dmd_light.h"
#include "sim/physics/field_kernels.h"
#include "sim/physics/field_memory.h"
#include "sim/physics/interference.h"
#include "sim/physics/medium.h"
#include "sim/physics/portable_math.h"
#include "sim/physics/reference_beam.h"
#include "sim/physics/sensor.h"
#include "sim/physics/shared_work.h"
#include "sim/physics/speckle.h"
#include "sim/physics/stability.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <mutex>

namespace opal::sim {

namespace {

// Everything frames of one region share.
struct RegionPlan {
    hal::Region region;
    ModeWindow window;
    std::vector<float> reference_re;  // field units, integers; (rows, columns)
    std::vector<float> reference_im;
    PixelMaps maps;
};

struct Workspace final : Optics::Scratch {
    std::shared_ptr<const RegionPlan> plan;
    Workspace(const Medium& m, std::span<const std::int32_t> dark_q12, std::size_t row_channels,
              int threads)
        : tree(FieldMemory::make_tree(dark_q12, row_channels)),
          fields{FieldMemory(m, dark_q12, tree.get()), FieldMemory(m, dark_q12, tree.get())},
          strips(static_cast<std::size_t>(threads)) {
        medium.threads = threads;
    }

    std::unique_ptr<PatternTree> tree;  // of both:
    std::array<FieldMemory, 2> fields;  // of even and odd epochs
    MediumScratch medium;
    std::vector<std::int16_t> modes;  // re and im side by side, here and below
    struct Lit {                      // what one segment sends to the sensor
        Light light;
        std::vector<std::int16_t> columns;  // at mode rows, pixel columns
    };
    std::vector<Lit> lit;  // the first lit_count; the rest is kept storage
    std::size_t lit_count = 0;
    struct Strip {  // up to four rows, on their way from speckle to counts
        std::vector<std::int16_t> phases;
        std::vector<std::int16_t> signal;
        std::vector<float> photo_e;
        std::vector<std::uint32_t> noise;
        std::vector<float> electrons;
    };
    std::vector<Strip> strips;  // one per thread

    int threads_for(hal::Region region) const {
        return region.pixels() < Optics::shared_pixels ? 1 : static_cast<int>(strips.size());
    }
};

// Rows handed to a thread at once; a multiple of the four that share random words.
constexpr int band_rows = 64;

// Calls work(first row, how many, thread) for bands of `rows` rows that begin at multiples of
// band_rows of the whole, of which these rows are those from `offset` on.
template <class Work>
void share_rows(int rows, int offset, int threads, const Work& work) {
    const int first_band = offset / band_rows;
    const int bands = (offset + rows - 1) / band_rows - first_band + 1;
    share_work(static_cast<std::size_t>(bands), threads, [&](std::size_t part, int thread) {
        const int begin = (first_band + static_cast<int>(part)) * band_rows - offset;
        const int first = std::max(begin, 0);
        work(first, std::min(begin + band_rows, rows) - first, thread);
    });
}

double microseconds(hal::Duration t) {
    return static_cast<double>(t.count()) * 1e-3;
}

}  // namespace

struct Optics::State {
    explicit State(const Scene& s);

    std::shared_ptr<const RegionPlan> plan(hal::Region region, int threads) const;
    void add_segment(const LightSegment& segment, double power_factor, Workspace& work) const;
    template <class Count>
    void read_out(const Exposure& exposure, int first_row, int row_count, Workspace& shared,
                  Workspace::Strip& work, std::span<Count> counts) const;

    Scene scene;
    DmdLight dmd;
    Speckle speckle;
    std::unique_ptr<Medium> medium;
    ReferenceBeam reference;
    Stability stability;
    Sensor sensor;

    // |S|^2 = 4096^2 field units on average, when half of the macro-pixels are on: int16 fields
    // saturate at 8 times the rms amplitude.
    static constexpr double rms_signal_units = 4096;
    double field_unit;       // sqrt(photo-electrons per pixel and us at maximum power)
    double units_per_sum;    // field units per unit of the medium's integer sum
    double reference_units;  // peak amplitude of the reference

    mutable std::mutex mutex;                                      // guards plans
    mutable std::vector<std::shared_ptr<const RegionPlan>> plans;  // latest use last
};

Optics::State::State(const Scene& s)
    : scene(s),
      dmd(s.dmd, s.seed),
      speckle(s.speckle, s.sensor.rows, s.sensor.columns),
      medium(make_medium(s.medium, s.seed, dmd.channels(), speckle.grid_rows(),
                         speckle.grid_columns())),
      reference(s.reference, s.sensor.rows, s.sensor.columns),
      stability(s),
      sensor(s.sensor, s.seed) {
    const double reference_e_per_us =
        s.sensor.reference_photons_per_px_us * s.sensor.quantum_efficiency;
    // Mean signal per pixel, in squared units of the integer sum, with half of the macro-pixels on.
    const double mean_sum_square =
        speckle.mean_power() * medium->entry_power() * 4096 * 4096 * 0.5 * dmd.full_power();
    field_unit = std::sqrt(reference_e_per_us / s.reference.ratio) / rms_signal_units;
    units_per_sum = rms_signal_units / std::sqrt(mean_sum_square);
    reference_units = s.reference.blocked ? 0 : rms_signal_units * std::sqrt(s.reference.ratio);
}

std::shared_ptr<const RegionPlan> Optics::State::plan(hal::Region region, int threads) const {
    assert(region.row >= 0 && region.column >= 0 && region.rows > 0 && region.columns > 0);
    assert(region.row + region.rows <= scene.sensor.rows);
    assert(region.column + region.columns <= scene.sensor.columns);
    const std::lock_guard lock(mutex);
    for (const auto& known : plans) {
        if (known->region == region) return known;
    }
    auto fresh = std::make_shared<RegionPlan>();
    fresh->region = region;
    fresh->window = speckle.window(region);
    fresh->maps.resize(region.pixels());
    fresh->reference_re.resize(region.pixels());
    fresh->reference_im.resize(region.pixels());
    const auto columns = static_cast<std::size_t>(region.columns);
    const auto units = [&](double part) {
        return static_cast<float>(round_to_integer(part * reference_units));
    };
    share_rows(region.rows, region.row, threads, [&](int first, int rows, int) {
        std::size_t at = static_cast<std::size_t>(first) * columns;
        const int row = region.row + first;
        sensor.draw_maps({row, region.column, rows, region.columns}, at, fresh->maps);
        for (int r = row; r < row + rows; ++r) {
            for (int c = region.column; c < region.column + region.columns; ++c, ++at) {
                const std::complex<double> wave = reference.at(r, c);
                fresh->reference_re[at] = units(wave.real());
                fresh->reference_im[at] = units(wave.imag());
            }
        }
    });
    constexpr std::size_t plans_kept = 4;
    if (plans.size() == plans_kept) plans.erase(plans.begin());
    plans.push_back(fresh);
    return fresh;
}

void Optics::State::add_segment(const LightSegment& segment, double power_factor,
                                Workspace& work) const {
    assert(segment.light != nullptr);
    const RegionPlan& at = *work.plan;
    const MediumMix mix =
        stability.medium_mix(segment.start + segment.duration / 2, segment.medium_rad);
    MeanPhase phase = stability.mean_phase(segment.start, segment.duration);
    if (segment.phase_rad != 0) {
        const CosSin more = cos_sin_of_turns(segment.phase_rad / (2 * pi));
        const MeanPhase before = phase;
        phase.cosine = before.cosine * more.cosine - before.sine * more.sine;
        phase.sine = before.sine * more.cosine + before.cosine * more.sine;
    }
    const auto field_at = [&](std::uint32_t epoch) {
        return work.fields[epoch % 2].field(segment.light->q12, at.window, epoch, work.medium);
    };
    const std::span<const std::int64_t> near = field_at(mix.epoch);
    const std::span<const std::int64_t> far = mix.far == 0 ? near : field_at(mix.epoch + 1);
    work.modes.resize(near.size());
    if (work.lit.size() == work.lit_count) work.lit.emplace_back();
    Workspace::Lit& lit = work.lit[work.lit_count++];
    const FieldTurn turn = {mix.near * units_per_sum, mix.far * units_per_sum, phase.cosine,
                            phase.sine};
    const auto row_modes = 2 * static_cast<std::size_t>(at.window.columns);
    const auto row_values = 2 * static_cast<std::size_t>(at.region.columns);
    lit.columns.resize(static_cast<std::size_t>(at.window.rows) * row_values);
    const auto expand = [&](int first, int rows, int thread) {
        const auto part = [&](auto whole, std::size_t row_size) {
            return whole.subspan(static_cast<std::size_t>(first) * row_size,
                                 static_cast<std::size_t>(rows) * row_size);
        };
        const auto modes = part(std::span(work.modes), row_modes);
        turn_fields(part(near, row_modes), part(far, row_modes), turn, modes);
        ModeWindow band = at.window;
        band.row += first;
        band.rows = rows;
        speckle.expand_columns(modes, band, at.region, part(std::span(lit.columns), row_values),
                               work.strips[static_cast<std::size_t>(thread)].phases);
    };
    share_rows(at.window.rows, 0, work.threads_for(at.region), expand);
    const double power = segment.power_q16 / 65536.0 * power_factor;
    lit.light.e_per_intensity =
        static_cast<float>(power * microseconds(segment.duration) * field_unit * field_unit);
    lit.light.washed_out = static_cast<float>(2 * (1 - phase.visibility));
}

// In strips of rows that share their random words, so that what is between the speckle and the
// counts stays in the nearest cache.
template <class Count>
void Optics::State::read_out(const Exposure& exposure, int first_row, int row_count,
                             Workspace& shared, Workspace::Strip& work,
                             std::span<Count> counts) const {
    const RegionPlan& at = *shared.plan;
    const hal::Region region = at.region;
    const auto columns = static_cast<std::size_t>(region.columns);
    const Readout readout = sensor.readout(exposure.format);
    const auto integration_us = static_cast<float>(microseconds(exposure.total));
    work.noise.resize(4 * columns);
    work.signal.resize(8 * columns);
    work.photo_e.resize(4 * columns);
    work.electrons.resize(4 * columns);
    for (int r = first_row; r < first_row + row_count;) {
        const int sensor_row = region.row + r;
        const int rows = std::min(4 - sensor_row % 4, first_row + row_count - r);
        const std::size_t first = static_cast<std::size_t>(r) * columns;
        const std::size_t pixels = static_cast<std::size_t>(rows) * columns;
        const auto part = [&](const auto& whole) {
            return std::span(whole).subspan(first, pixels);
        };
        sensor.draw_noise(exposure.frame_key, static_cast<std::uint32_t>(sensor_row / 4),
                          static_cast<std::uint32_t>(region.column), columns, work.noise.data());
        const auto photo_e = std::span(work.photo_e).first(pixels);
        const auto signal = std::span(work.signal).first(2 * pixels);
        std::fill(photo_e.begin(), photo_e.end(), 0.0f);
        for (const Workspace::Lit& lit : std::span(shared.lit).first(shared.lit_count)) {
            speckle.expand_rows(lit.columns, at.window, region, r, rows, signal);
            add_intensity({signal, part(at.reference_re), part(at.reference_im)}, lit.light,
                          photo_e);
        }
        PixelStrip strip;
        strip.photo_e = photo_e;
        strip.response = part(at.maps.response);
        strip.dark_e_per_us = part(at.maps.dark_e_per_us);
        strip.offset_e = part(at.maps.offset_e);
        strip.noise = std::span<const std::uint32_t>(work.noise)
                          .subspan(static_cast<std::size_t>(sensor_row % 4) * columns, pixels);
        strip.integration_us = integration_us;
        const auto electrons = std::span(work.electrons).first(pixels);
        sensor.collect(strip, electrons);
        digitise(std::span<const float>(electrons), readout, counts.subspan(first, pixels));
        r += rows;
    }
}

Optics::Optics(const Scene& scene) : state_(std::make_unique<State>(scene)) {}
Optics::~Optics() = default;

void Optics::reduce(const hal::BitPattern& pattern, ChannelAmplitudes& into) const {
    state_->dmd.reduce(pattern, into);
}

std::unique_ptr<Optics::Scratch> Optics::make_scratch(int threads) const {
    return std::make_unique<Workspace>(*state_->medium, state_->dmd.dark().q12,
                                       static_cast<std::size_t>(state_->dmd.channel_columns()),
                                       std::max(threads, 1));
}

void Optics::prepare(hal::Region region) const {
    const MediumMix mix = state_->stability.medium_mix(hal::Duration{0});
    const ModeWindow window = state_->plan(region, 1)->window;
    state_->medium->prepare(window, mix.epoch);
    if (state_->scene.medium.decorrelation_s > 0) {
        state_->medium->prepare(window, mix.epoch + 1);
    }
}

void Optics::expose(const Exposure& exposure, Scratch& scratch, hal::Frame& frame) const {
    auto& work = static_cast<Workspace&>(scratch);
    if (!work.plan || work.plan->region != exposure.region) {
        work.plan = state_->plan(exposure.region, work.threads_for(exposure.region));
    }
    work.lit_count = 0;
    if (!exposure.segments.empty()) {
        const LightSegment& last = exposure.segments.back();
        const hal::Duration begin = exposure.segments.front().start;
        const double factor = power_factor(begin + (last.start + last.duration - begin) / 2);
        for (const LightSegment& segment : exposure.segments) {
            if (segment.power_q16 == 0 || segment.duration.count() <= 0) continue;
            state_->add_segment(segment, factor, work);
        }
    }
    frame.reshape(exposure.region, exposure.format);
    const bool narrow = exposure.format == hal::PixelFormat::mono8;
    const auto band = [&](int first, int rows, int thread) {
        Workspace::Strip& strip = work.strips[static_cast<std::size_t>(thread)];
        if (narrow) {
            state_->read_out(exposure, first, rows, work, strip, frame.as_u8());
        } else {
            state_->read_out(exposure, first, rows, work, strip, frame.as_u16());
        }
    };
    share_rows(exposure.region.rows, exposure.region.row, work.threads_for(exposure.region), band);
}

double Optics::phase_rad(hal::Duration at) const {
    return state_->stability.phase_rad(at);
}
double Optics::power_factor(hal::Duration at) const {
    return state_->stability.power_factor(at);
}

std::vector<std::complex<double>> Optics::true_field(const hal::BitPattern& pattern,
                                                     hal::Region region, hal::Duration at) const {
    std::vector<double> amplitudes = state_->dmd.reduce_plain(pattern);
    for (double& a : amplitudes) a *= 4096;
    const ModeWindow centres = state_->speckle.centres(region);
    const MediumMix mix = state_->stability.medium_mix(at);
    std::vector<std::complex<double>> field =
        state_->medium->plain_field(amplitudes, centres, mix.epoch);
    if (mix.far != 0) {
        const std::vector<std::complex<double>> next =
            state_->medium->plain_field(amplitudes, centres, mix.epoch + 1);
        for (std::size_t k = 0; k < field.size(); ++k)
            field[k] = mix.near * field[k] + mix.far * next[k];
    }
    for (auto& y : field) y *= state_->units_per_sum * state_->field_unit;
    return field;
}

std::vector<std::complex<double>> Optics::true_reference(hal::Region region) const {
    const ModeWindow centres = state_->speckle.centres(region);
    const SpeckleScene& pitch = state_->scene.speckle;
    std::vector<std::complex<double>> field;
    for (int i = 0; i < centres.rows; ++i) {
        for (int j = 0; j < centres.columns; ++j) {
            const int row = (centres.row + i - Speckle::margin) * pitch.pixels_per_mode_rows;
            const int column =
                (centres.column + j - Speckle::margin) * pitch.pixels_per_mode_columns;
            field.push_back(state_->reference.plain_at(row, column) * state_->reference_units *
                            state_->field_unit);
        }
    }
    return field;
}

}  // namespace opal::sim
