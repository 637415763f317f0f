// Carrier: see carrier.h. Averaged power spectra of sparse random speckle over four tiles of a
// survey region; the side band's centre of symmetry is the carrier [Takeda 1982].
//
// What limits it: a spectrum bin of one frame scatters by 100 %, so the band's edges are known as
// well as many bins allow. The information grows with the number of pixels looked at in all, and
// with the number of independent mirrors; four tiles of 512 px see independent speckle of the same
// patterns. What all patterns have in common would be one speckle that never averages: the mean of
// each group of frames, taken within milliseconds, is subtracted from them. Few mirrors are on, so
// that |S|^2, whose band touches the side band, stays small.
#include "calibration/nodes/carrier.h"

#include "calibration/session.h"
#include "calibration/spectrum.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace opal::calibration {

namespace {

constexpr double density = 0.25;   // of mirrors on
constexpr int block_px = 40;       // about a macro-pixel: many independent columns of the medium
constexpr std::size_t group = 16;  // frames that share a mean
constexpr std::size_t batch = 4 * group;
constexpr std::uint64_t purpose = 0x6361727200;

class Tiles {
public:
    Tiles(hal::Region region, int size) : region_(region), size_(size) {
        for (int t = 0; t < 4; ++t) spectra_.emplace_back(size);
        frames_.resize(group);
        mean_.resize(region.pixels());
        light_.resize(region.pixels(), 0.0);
        first_.resize(region.pixels());
        second_.resize(region.pixels());
    }
    // Frames of one group in any order; the spectra grow when the group is full.
    void add(std::size_t index, const hal::Frame& frame) {
        frames_[index % group] = frame.bytes;
        format_ = frame.format;
        if (index % group + 1 == group) finish_group();
    }
    const std::vector<Spectrum>& spectra() const { return spectra_; }

    // Where a tile looks from, in pixels from the region's middle: the centre of its fringes'
    // power, which goes with the light of the reference. With a curved wave front and an uneven
    // beam it is there, not at the tile's middle, that the side band has its centre.
    struct Place {
        double row = 0;
        double column = 0;
        double light = 0;
    };
    Place place(std::size_t tile, double black_dn) const {
        const auto first_row = tile / 2 * static_cast<std::size_t>(size_);
        const auto first_column = tile % 2 * static_cast<std::size_t>(size_);
        Place p;
        for (std::size_t i = 0; i < static_cast<std::size_t>(size_); ++i)
            for (std::size_t j = 0; j < static_cast<std::size_t>(size_); ++j) {
                const std::size_t row = first_row + i;
                const std::size_t column = first_column + j;
                const double w =
                    std::max(light_[row * static_cast<std::size_t>(region_.columns) + column] /
                                     static_cast<double>(groups_) -
                                 black_dn,
                             0.0);
                p.light += w;
                p.row += w * (static_cast<double>(row) - 0.5 * (region_.rows - 1));
                p.column += w * (static_cast<double>(column) - 0.5 * (region_.columns - 1));
            }
        p.row /= std::max(p.light, 1e-9);
        p.column /= std::max(p.light, 1e-9);
        return p;
    }

private:
    void finish_group() {
        ++groups_;
        std::fill(mean_.begin(), mean_.end(), 0.0F);
        for (const auto& bytes : frames_) {
            unpack(bytes, first_);
            for (std::size_t r = 0; r < mean_.size(); ++r) mean_[r] += first_[r];
        }
        for (std::size_t r = 0; r < mean_.size(); ++r) {
            mean_[r] /= static_cast<float>(group);
            light_[r] += static_cast<double>(mean_[r]);
        }
        for (std::size_t f = 0; f < group; f += 2) {
            unpack(frames_[f], first_);
            unpack(frames_[f + 1], second_);
            for (std::size_t r = 0; r < mean_.size(); ++r) {
                first_[r] -= mean_[r];
                second_[r] -= mean_[r];
            }
            for (std::size_t t = 0; t < spectra_.size(); ++t)
                spectra_[t].add(corner(first_, t), corner(second_, t),
                                static_cast<std::size_t>(region_.columns));
        }
    }
    void unpack(const std::vector<std::byte>& bytes, std::vector<float>& into) const {
        if (format_ == hal::PixelFormat::mono8) {
            for (std::size_t r = 0; r < into.size(); ++r)
                into[r] = static_cast<float>(std::to_integer<int>(bytes[r]));
        } else {
            for (std::size_t r = 0; r < into.size(); ++r)
                into[r] = static_cast<float>(std::to_integer<int>(bytes[2 * r]) |
                                             std::to_integer<int>(bytes[2 * r + 1]) << 8);
        }
    }
    const float* corner(const std::vector<float>& frame, std::size_t tile) const {
        const auto row = tile / 2 * static_cast<std::size_t>(size_);
        const auto column = tile % 2 * static_cast<std::size_t>(size_);
        return frame.data() + row * static_cast<std::size_t>(region_.columns) + column;
    }

    hal::Region region_;
    int size_;
    hal::PixelFormat format_ = hal::PixelFormat::mono8;
    std::vector<Spectrum> spectra_;  // four, row-major
    std::vector<std::vector<std::byte>> frames_;
    std::vector<float> mean_, first_, second_;
    std::vector<double> light_;  // sum of the groups' means
    std::size_t groups_ = 0;
};

int tile_size(const hal::CameraInfo& camera) {
    const int shorter = std::min(camera.sensor_rows, camera.sensor_columns);
    int size = 64;
    while (size < 512 && 4 * size <= shorter) size *= 2;
    return size;
}

std::vector<double> mean_of_tiles(const std::vector<Spectrum>& spectra) {
    std::vector<double> mean = spectra[0].average();
    for (std::size_t t = 1; t < spectra.size(); ++t) {
        const auto one = spectra[t].average();
        for (std::size_t f = 0; f < mean.size(); ++f) mean[f] += one[f];
    }
    for (double& p : mean) p /= static_cast<double>(spectra.size());
    return mean;
}

struct Tilt {
    double curvature = 0;  // rad / px^2
    double curvature_sigma = 0;
    double sigma_cpp = 0;  // of the carrier
};

// carrier(r) = k + curvature r / pi, rows and columns alike: least squares over the tiles.
Tilt compare_tiles(const std::vector<SideBand>& bands, const std::vector<Tiles::Place>& places) {
    double row = 0, column = 0, k_row = 0, k_column = 0;
    for (std::size_t t = 0; t < 4; ++t) {
        row += places[t].row / 4;
        column += places[t].column / 4;
        k_row += bands[t].carrier_rows_cpp / 4;
        k_column += bands[t].carrier_columns_cpp / 4;
    }
    double xx = 0;
    double xy = 0;
    for (std::size_t t = 0; t < 4; ++t) {
        const double dr = places[t].row - row;
        const double dc = places[t].column - column;
        xx += dr * dr + dc * dc;
        xy += dr * (bands[t].carrier_rows_cpp - k_row) +
              dc * (bands[t].carrier_columns_cpp - k_column);
    }
    const double slope = xy / xx;
    double square = 0;
    for (std::size_t t = 0; t < 4; ++t) {
        const double er = bands[t].carrier_rows_cpp - k_row - slope * (places[t].row - row);
        const double ec =
            bands[t].carrier_columns_cpp - k_column - slope * (places[t].column - column);
        square += er * er + ec * ec;
    }
    const double one_tile = std::sqrt(square / 5);  // 8 readings, 3 fitted numbers
    return {std::numbers::pi * slope, std::numbers::pi * one_tile / std::sqrt(xx), one_tile / 2};
}

// How far the band is from the line k.f = 0, in units of its extent that way: 1 is a corner on the
// line (kramers_kronig.h).
double beside_line(double rows, double columns, const Carrier& c) {
    return (rows * rows + columns * columns) /
           (0.5 * (c.width_rows_cpp * rows + c.width_columns_cpp * columns));
}

std::string judge(Carrier& c, Demodulation demodulation) {
    const double rows = std::abs(c.rows_cpp.value);
    const double columns = std::abs(c.columns_cpp.value);
    // In units of the side band: 0.5 means that the light at zero frequency is inside it.
    const double from_zero = std::max(rows / c.width_rows_cpp, columns / c.width_columns_cpp);
    const auto twice = [](double f) { return std::abs(2 * f - std::round(2 * f)); };
    const double from_twin =
        std::max(twice(rows) / c.width_rows_cpp, twice(columns) / c.width_columns_cpp);
    const double beside = beside_line(rows, columns, c);
    const bool filter = demodulation == Demodulation::filter;
    // Kramers-Kronig lets |S|^2 lie in the band. A corner of the band beyond the line holds little.
    constexpr double least_beside = 0.8;
    const Check clear =
        filter ? Check{.name = "band widths from zero frequency", .value = from_zero, .low = 0.75}
               : Check{.name = "band on one side of zero frequency",
                       .value = beside,
                       .low = least_beside};
    c.verdict.checks = {{.name = "side band over noise", .value = c.peak_to_floor, .low = 8},
                        clear,
                        {.name = "band widths from the twin", .value = from_twin, .low = 0.75}};
    if (c.peak_to_floor < 8)
        return fmt::format(
            "fringes are only {:.1f} times stronger than noise, want 8; more light, or a reference "
            "path of equal length, is needed",
            c.peak_to_floor);
    if (filter && from_zero < 0.75)
        return fmt::format(
            "the carrier ({:.3f}, {:.3f}) cycles per pixel is {:.2f} band widths from zero, want "
            "0.75; tilt the reference more, make the speckle coarser, or use --demodulation "
            "kramers-kronig",
            c.rows_cpp.value, c.columns_cpp.value, from_zero);
    if (!filter && beside < least_beside)
        return fmt::format(
            "the side band at the carrier ({:.3f}, {:.3f}) cycles per pixel reaches across the "
            "line through zero frequency ({:.2f} of its extent away, want {:.1f}), and "
            "Kramers-Kronig needs it on one side; tilt the reference more",
            c.rows_cpp.value, c.columns_cpp.value, beside, least_beside);
    if (from_twin < 0.75)
        return fmt::format(
            "the side band and its twin are {:.2f} band widths apart at the carrier ({:.3f}, "
            "{:.3f}) cycles per pixel, want 0.75; tilt the reference less, or make the speckle "
            "coarser",
            from_twin, c.rows_cpp.value, c.columns_cpp.value);
    return fmt::format(
        "carrier ({:.6f}, {:.6f}) +- {:.1e} cycles per pixel, one mode per {} x {} px, side band "
        "{:.0f} times above noise",
        c.rows_cpp.value, c.columns_cpp.value, std::max(c.rows_cpp.sigma, c.columns_cpp.sigma),
        c.pitch_rows_px, c.pitch_columns_px, c.peak_to_floor);
}

}  // namespace

double power_outside_bands(const std::vector<double>& power, int size, const Record& record) {
    const Carrier& c = *record.carrier;
    const Holography& h = record.holography;
    const auto inside = [](double f, double width) { return std::abs(f) < 0.75 * width; };
    const auto wrap = [](double f) { return f - std::round(f); };
    double sum = 0;
    std::size_t bins = 0;
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
            const double fr = wrap(static_cast<double>(i) / size);
            const double fc = wrap(static_cast<double>(j) / size);
            const bool band = inside(wrap(fr - h.carrier_rows_cpp), c.width_rows_cpp) &&
                              inside(wrap(fc - h.carrier_columns_cpp), c.width_columns_cpp);
            const bool twin = inside(wrap(fr + h.carrier_rows_cpp), c.width_rows_cpp) &&
                              inside(wrap(fc + h.carrier_columns_cpp), c.width_columns_cpp);
            const bool smooth = std::abs(fr) < 0.1 && std::abs(fc) < 0.1;
            if (band || twin || smooth) continue;
            sum += power[static_cast<std::size_t>(i) * static_cast<std::size_t>(size) +
                         static_cast<std::size_t>(j)];
            ++bins;
        }
    return bins > 0 ? sum / static_cast<double>(bins) : 0;
}

Carrier measure_carrier(Session& session) {
    Carrier result;
    Record& record = session.record;
    const hal::CameraInfo& info = session.bench.camera().info();
    const int size = tile_size(info);
    Tiles tiles(record.survey, size);
    const auto wanted = static_cast<std::size_t>(std::max(session.options.carrier_frames, 1));
    const std::size_t frames = (wanted + batch - 1) / batch * batch;
    result.frames = static_cast<int>(frames);
    session.expect(frames);

    const Timing timing = plan_timing(session.bench, record.survey, session.working_format(),
                                      record.timing.exposure, record.timing.trigger_delay);
    Acquisition acquisition = session.acquisition(record.survey, session.working_format(), timing);
    std::vector<hal::BitPattern> patterns;
    for (std::size_t first = 0; first < frames; first += patterns.size()) {
        patterns.clear();
        for (std::size_t i = first; i < first + batch; ++i)
            patterns.push_back(session.speckle_pattern(purpose + i, block_px, density));
        acquisition.acquire(patterns, [&](std::size_t index, const hal::Frame& frame) {
            // A repeated run starts over: its frames come again, and a group averaged twice does no
            // harm.
            if (first + index == 0) session.observer.frame("sparse frame", frame);
            tiles.add(index, frame);
            session.took_frame();
        });
    }

    const std::vector<double> average = mean_of_tiles(tiles.spectra());
    result.spectrum_size = size;
    result.spectrum.reserve(average.size());
    for (const double p : average)
        result.spectrum.push_back(static_cast<float>(std::log10(std::max(p, 1e-12))));
    SideBand whole;
    std::vector<SideBand> each;
    try {
        whole = find_side_band(average, size);
        for (const Spectrum& s : tiles.spectra()) each.push_back(find_side_band(s.average(), size));
    } catch (const std::runtime_error& e) {
        result.verdict.text = e.what();
        return result;
    }
    std::vector<Tiles::Place> places;
    Tiles::Place middle;
    for (std::size_t t = 0; t < 4; ++t) {
        places.push_back(tiles.place(t, record.holography.black_level_dn));
        middle.light += places[t].light;
        middle.row += places[t].light * places[t].row;
        middle.column += places[t].light * places[t].column;
    }
    const Tilt tilt = compare_tiles(each, places);
    // A curvature that cannot be told from zero is zero: it would only add its error.
    const double curvature =
        std::abs(tilt.curvature) > 3 * tilt.curvature_sigma ? tilt.curvature : 0;
    const double per_px = curvature / std::numbers::pi;
    whole.carrier_rows_cpp -= per_px * middle.row / middle.light;
    whole.carrier_columns_cpp -= per_px * middle.column / middle.light;
    result.rows_cpp = {whole.carrier_rows_cpp, tilt.sigma_cpp};
    result.columns_cpp = {whole.carrier_columns_cpp, tilt.sigma_cpp};
    result.curvature_rad_per_px2 = {tilt.curvature, tilt.curvature_sigma};
    result.width_rows_cpp = whole.width_rows_cpp;
    result.width_columns_cpp = whole.width_columns_cpp;
    result.pitch_rows_px = std::max(1, static_cast<int>(std::lround(1 / whole.width_rows_cpp)));
    result.pitch_columns_px =
        std::max(1, static_cast<int>(std::lround(1 / whole.width_columns_cpp)));
    result.peak_to_floor = whole.peak_to_floor;
    result.verdict.text = judge(result, session.options.demodulation);
    result.verdict.passed = true;
    for (const Check& c : result.verdict.checks)
        result.verdict.passed = result.verdict.passed && c.holds();

    Holography& h = record.holography;
    h.region = centred_region(info, session.options.region_rows, session.options.region_columns,
                              result.pitch_rows_px, result.pitch_columns_px);
    h.pitch_rows_px = result.pitch_rows_px;
    h.pitch_columns_px = result.pitch_columns_px;
    h.mode_rows = h.region.rows / h.pitch_rows_px;
    h.mode_columns = h.region.columns / h.pitch_columns_px;
    h.curvature_rad_per_px2 = curvature;
    const auto shift = [&](int start, int length, int survey_start, int survey_length) {
        return per_px * ((start + 0.5 * length) - (survey_start + 0.5 * survey_length));
    };
    h.carrier_rows_cpp = whole.carrier_rows_cpp +
                         shift(h.region.row, h.region.rows, record.survey.row, record.survey.rows);
    h.carrier_columns_cpp =
        whole.carrier_columns_cpp +
        shift(h.region.column, h.region.columns, record.survey.column, record.survey.columns);
    record.timing = plan_timing(session.bench, h.region, session.working_format(),
                                record.timing.exposure, record.timing.trigger_delay);
    result.timing = record.timing;
    return result;
}

}  // namespace opal::calibration
