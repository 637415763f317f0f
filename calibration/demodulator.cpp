// Demodulator, the fast path: two passes of short complex filters. The first runs down the rows of
// the frame for whole stretches of columns at a time, the second along the columns for all mode
// rows at a time, so that both inner loops are contiguous and vectorise without reordering a sum.
#include "calibration/demodulator.h"

#include "calibration/low_pass.h"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <stdexcept>

namespace opal::calibration {

namespace {

// One axis: for every mode the first pixel and the complex taps, carrier included.
struct Axis {
    struct Mode {
        int first_px = 0;
        std::size_t first_tap = 0;
        int taps = 0;
    };
    std::vector<Mode> modes;
    std::vector<float> real, imaginary;
};

Axis make_axis(int pixels, int modes, int pitch_px, double carrier_cpp, double curvature) {
    Axis axis;
    const double middle = 0.5 * (pixels - 1);
    for (int m = 0; m < modes; ++m) {
        const LowPass filter = design_low_pass(m * pitch_px, pixels, pitch_px, carrier_cpp);
        axis.modes.push_back(
            {filter.first_px, axis.real.size(), static_cast<int>(filter.taps.size())});
        for (std::size_t t = 0; t < filter.taps.size(); ++t) {
            const double r = filter.first_px + static_cast<double>(t);
            const double phase =
                2 * std::numbers::pi * carrier_cpp * r + curvature * (r - middle) * (r - middle);
            const std::complex<double> tap = filter.taps[t] * std::polar(1.0, phase);
            axis.real.push_back(static_cast<float>(tap.real()));
            axis.imaginary.push_back(static_cast<float>(tap.imag()));
        }
    }
    return axis;
}

void require(bool condition, const std::string& text) {
    if (!condition) throw std::invalid_argument("demodulator: " + text);
}

void check(const Holography& h) {
    require(h.region.rows > 0 && h.region.columns > 0, "the region is empty");
    require(h.pitch_rows_px > 0 && h.pitch_columns_px > 0, "the pitch of modes must be positive");
    require(h.mode_rows > 0 && h.mode_columns > 0 &&
                (h.mode_rows - 1) * h.pitch_rows_px < h.region.rows &&
                (h.mode_columns - 1) * h.pitch_columns_px < h.region.columns,
            fmt::format("{} x {} modes at a pitch of {} x {} px do not fit a region of {} x {} px",
                        h.mode_rows, h.mode_columns, h.pitch_rows_px, h.pitch_columns_px,
                        h.region.rows, h.region.columns));
    require(h.reference_dn.size() == h.region.pixels(),
            fmt::format("the reference has {} pixels, the region {}", h.reference_dn.size(),
                        h.region.pixels()));
}

// Pixels down the rows handled together in the first pass: re and im of 16 columns fit the
// registers of any x86-64.
constexpr int stretch = 16;

}  // namespace

struct Demodulator::Tables {
    hal::Region region;
    hal::PixelFormat format;
    int mode_rows;
    int mode_columns;
    std::vector<float> offset;  // black level + |R|^2, DN
    std::vector<float> weight;  // 1 / |R|, DN^-1/2; 0 where there is no reference
    Axis rows;
    Axis columns;
};

Demodulator::Demodulator(const Holography& h) {
    check(h);
    auto tables = std::make_unique<Tables>();
    tables->region = h.region;
    tables->format = h.format;
    tables->mode_rows = h.mode_rows;
    tables->mode_columns = h.mode_columns;
    tables->offset.reserve(h.reference_dn.size());
    tables->weight.reserve(h.reference_dn.size());
    for (const float reference : h.reference_dn) {
        tables->offset.push_back(static_cast<float>(h.black_level_dn) + reference);
        tables->weight.push_back(reference > 0 ? 1.0F / std::sqrt(reference) : 0.0F);
    }
    tables->rows = make_axis(h.region.rows, h.mode_rows, h.pitch_rows_px, h.carrier_rows_cpp,
                             h.curvature_rad_per_px2);
    tables->columns = make_axis(h.region.columns, h.mode_columns, h.pitch_columns_px,
                                h.carrier_columns_cpp, h.curvature_rad_per_px2);
    tables_ = std::move(tables);
}

Demodulator::~Demodulator() = default;
Demodulator::Demodulator(Demodulator&&) noexcept = default;
Demodulator& Demodulator::operator=(Demodulator&&) noexcept = default;

std::size_t Demodulator::modes() const {
    return static_cast<std::size_t>(tables_->mode_rows) *
           static_cast<std::size_t>(tables_->mode_columns);
}

void Demodulator::demodulate(const hal::Frame& frame, std::span<std::complex<float>> field,
                             Workspace& workspace) const {
    const Tables& t = *tables_;
    require(frame.region.rows == t.region.rows && frame.region.columns == t.region.columns &&
                frame.format == t.format,
            fmt::format("a frame of {} x {} px, {} bits, was given; calibrated are {} x {} px, {} "
                        "bits",
                        frame.region.rows, frame.region.columns, frame.bits(), t.region.rows,
                        t.region.columns, hal::bits_of(t.format)));
    const std::size_t n = t.region.pixels();
    workspace.pixels.resize(n);
    float* const pixels = workspace.pixels.data();
    const auto subtract = [&](const auto* counts) {
        for (std::size_t r = 0; r < n; ++r)
            pixels[r] = (static_cast<float>(counts[r]) - t.offset[r]) * t.weight[r];
    };
    if (t.format == hal::PixelFormat::mono8)
        subtract(frame.as_u8().data());
    else
        subtract(frame.as_u16().data());
    filter(field, workspace);
}

void Demodulator::demodulate(std::span<const float> counts, std::span<std::complex<float>> field,
                             Workspace& workspace) const {
    const Tables& t = *tables_;
    require(counts.size() == t.region.pixels(), "the counts do not have the region's shape");
    workspace.pixels.resize(counts.size());
    for (std::size_t r = 0; r < counts.size(); ++r)
        workspace.pixels[r] = (counts[r] - t.offset[r]) * t.weight[r];
    filter(field, workspace);
}

void Demodulator::filter(std::span<std::complex<float>> field, Workspace& workspace) const {
    const Tables& t = *tables_;
    require(field.size() == modes(), "the field's size is not the number of modes");
    const auto columns = static_cast<std::size_t>(t.region.columns);
    const auto mode_rows = static_cast<std::size_t>(t.mode_rows);
    workspace.real.resize(columns * mode_rows);
    workspace.imaginary.resize(columns * mode_rows);

    for (std::size_t i = 0; i < mode_rows; ++i) {
        const Axis::Mode& mode = t.rows.modes[i];
        const float* const tap_re = t.rows.real.data() + mode.first_tap;
        const float* const tap_im = t.rows.imaginary.data() + mode.first_tap;
        const float* const top =
            workspace.pixels.data() + static_cast<std::size_t>(mode.first_px) * columns;
        const auto run = [&](std::size_t first, auto width) {
            float re[stretch] = {};
            float im[stretch] = {};
            for (int k = 0; k < mode.taps; ++k) {
                const float* const p = top + static_cast<std::size_t>(k) * columns + first;
                for (int c = 0; c < width; ++c) {
                    re[c] += tap_re[k] * p[c];
                    im[c] += tap_im[k] * p[c];
                }
            }
            for (int c = 0; c < width; ++c) {
                const std::size_t at = (first + static_cast<std::size_t>(c)) * mode_rows + i;
                workspace.real[at] = re[c];
                workspace.imaginary[at] = im[c];
            }
        };
        std::size_t first = 0;
        for (; first + stretch <= columns; first += stretch)
            run(first, std::integral_constant<int, stretch>{});
        if (first < columns) run(first, static_cast<int>(columns - first));
    }

    for (std::size_t j = 0; j < static_cast<std::size_t>(t.mode_columns); ++j) {
        const Axis::Mode& mode = t.columns.modes[j];
        const float* const tap_re = t.columns.real.data() + mode.first_tap;
        const float* const tap_im = t.columns.imaginary.data() + mode.first_tap;
        const std::size_t start = static_cast<std::size_t>(mode.first_px) * mode_rows;
        const auto run = [&](std::size_t first, auto width) {
            float re[stretch] = {};
            float im[stretch] = {};
            for (int k = 0; k < mode.taps; ++k) {
                const std::size_t at = start + static_cast<std::size_t>(k) * mode_rows + first;
                const float* const zr = workspace.real.data() + at;
                const float* const zi = workspace.imaginary.data() + at;
                for (int c = 0; c < width; ++c) {
                    re[c] += tap_re[k] * zr[c] - tap_im[k] * zi[c];
                    im[c] += tap_re[k] * zi[c] + tap_im[k] * zr[c];
                }
            }
            for (int c = 0; c < width; ++c)
                field[(first + static_cast<std::size_t>(c)) *
                          static_cast<std::size_t>(t.mode_columns) +
                      j] = {re[c], im[c]};
        };
        std::size_t first = 0;
        for (; first + stretch <= mode_rows; first += stretch)
            run(first, std::integral_constant<int, stretch>{});
        if (first < mode_rows) run(first, static_cast<int>(mode_rows - first));
    }
}

std::vector<float> Demodulator::noise_power(std::span<const float> variance_dn2) const {
    const Tables& t = *tables_;
    require(variance_dn2.size() == t.region.pixels(),
            "the variance does not have the region's "
            "shape");
    const auto columns = static_cast<std::size_t>(t.region.columns);
    const auto power = [](const Axis& axis, const Axis::Mode& mode, int k) {
        const std::size_t at = mode.first_tap + static_cast<std::size_t>(k);
        return axis.real[at] * axis.real[at] + axis.imaginary[at] * axis.imaginary[at];
    };
    std::vector<float> result;
    result.reserve(modes());
    std::vector<float> line(columns);
    for (const Axis::Mode& row : t.rows.modes) {
        std::fill(line.begin(), line.end(), 0.0F);
        for (int k = 0; k < row.taps; ++k)
            for (std::size_t c = 0; c < columns; ++c) {
                const std::size_t r = static_cast<std::size_t>(row.first_px + k) * columns + c;
                line[c] += power(t.rows, row, k) * variance_dn2[r] * t.weight[r] * t.weight[r];
            }
        for (const Axis::Mode& column : t.columns.modes) {
            float sum = 0;
            for (int k = 0; k < column.taps; ++k)
                sum += power(t.columns, column, k) *
                       line[static_cast<std::size_t>(column.first_px + k)];
            result.push_back(sum);
        }
    }
    return result;
}

}  // namespace opal::calibration
