// Demodulator, the fast path: two passes of short complex filters, for a band of mode rows at a
// time. The first pass runs down the pixel rows, vector over columns; the second along the columns,
// vector over the band's rows. Carrier, curvature and low-pass are one set of taps, so mixing costs
// nothing whatever the carrier. Wide frames go in stripes, so that all a band needs stays in the
// second-level cache and memory does not grow with the frame.
#include "calibration/demodulator.h"

#include "calibration/demodulation_kernels.h"
#include "calibration/kramers_kronig.h"
#include "calibration/low_pass.h"

#include <fmt/format.h>

#include <algorithm>
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

    ComplexTaps taps(const Mode& mode) const {
        return {real.data() + mode.first_tap, imaginary.data() + mode.first_tap, mode.taps};
    }
    int end_px(std::size_t mode) const { return modes[mode].first_px + modes[mode].taps; }
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

constexpr std::size_t modes_per_stripe = 64;  // of one row

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
    int band_height_px = 0;  // of the band that needs most pixel rows
};

std::string_view name_of(Demodulation demodulation) {
    return demodulation == Demodulation::filter ? "filter" : "kramers-kronig";
}

std::optional<Demodulation> demodulation_named(std::string_view name) {
    for (const Demodulation d : {Demodulation::filter, Demodulation::kramers_kronig})
        if (name == name_of(d)) return d;
    return std::nullopt;
}

void Demodulator::Workspace::reshape(std::size_t rows, std::size_t columns) {
    pixels.resize(rows * columns);
    for (auto* line : {&real, &imaginary, &real_columns, &imaginary_columns})
        line->resize(band_rows * columns);
}

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
    const std::vector<Axis::Mode>& rows = tables->rows.modes;
    for (std::size_t band = 0; band < rows.size(); band += band_rows) {
        const std::size_t last = std::min(band + band_rows, rows.size()) - 1;
        tables->band_height_px =
            std::max(tables->band_height_px, tables->rows.end_px(last) - rows[band].first_px);
    }
    tables_ = std::move(tables);
    if (h.demodulation == Demodulation::kramers_kronig)
        kramers_kronig_ = std::make_unique<const KramersKronig>(h);
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
    if (!is_linear()) {
        if (t.format == hal::PixelFormat::mono8)
            workspace.counts.assign(frame.as_u8().begin(), frame.as_u8().end());
        else
            workspace.counts.assign(frame.as_u16().begin(), frame.as_u16().end());
        kramers_kronig_->demodulate(workspace.counts, field);
        return;
    }
    const auto weigh = [&](const auto* counts) {
        return [&t, counts](std::size_t first, std::span<float> into) {
            weigh_counts({counts + first, t.offset.data() + first, t.weight.data() + first}, into);
        };
    };
    if (t.format == hal::PixelFormat::mono8)
        filter(weigh(frame.as_u8().data()), field, workspace);
    else
        filter(weigh(frame.as_u16().data()), field, workspace);
}

void Demodulator::demodulate(std::span<const float> counts, std::span<std::complex<float>> field,
                             Workspace& workspace) const {
    if (is_linear()) {
        demodulate_linear(counts, field, workspace);
        return;
    }
    require(counts.size() == tables_->region.pixels() && field.size() == modes(),
            "counts or field do not have the region's shape");
    kramers_kronig_->demodulate(counts, field);
}

void Demodulator::demodulate_linear(std::span<const float> counts,
                                    std::span<std::complex<float>> field,
                                    Workspace& workspace) const {
    const Tables& t = *tables_;
    require(counts.size() == t.region.pixels(), "the counts do not have the region's shape");
    const auto weigh = [&](std::size_t first, std::span<float> into) {
        for (std::size_t r = 0; r < into.size(); ++r)
            into[r] = (counts[first + r] - t.offset[first + r]) * t.weight[first + r];
    };
    filter(weigh, field, workspace);
}

// weigh(first, into): pixels from number `first` on, offset and weight applied.
template <class Weigh>
void Demodulator::filter(const Weigh& weigh, std::span<std::complex<float>> field,
                         Workspace& workspace) const {
    const Tables& t = *tables_;
    require(field.size() == modes(), "the field's size is not the number of modes");
    for (std::size_t first = 0; first < t.columns.modes.size(); first += modes_per_stripe)
        filter_stripe(weigh, first, field, workspace);
}

// Mode columns [first, first + modes_per_stripe).
template <class Weigh>
void Demodulator::filter_stripe(const Weigh& weigh, std::size_t first,
                                std::span<std::complex<float>> field, Workspace& workspace) const {
    const Tables& t = *tables_;
    const std::size_t mode_columns = t.columns.modes.size();
    const std::size_t mode_rows = t.rows.modes.size();
    const std::size_t last = std::min(first + modes_per_stripe, mode_columns) - 1;
    const int left = t.columns.modes[first].first_px;
    const auto columns = static_cast<std::size_t>(t.columns.end_px(last) - left);
    workspace.reshape(static_cast<std::size_t>(t.band_height_px), columns);
    float* const pixels = workspace.pixels.data();
    const auto row_of = [&](int px) { return pixels + static_cast<std::size_t>(px) * columns; };

    int top = 0;  // pixel rows [top, bottom) are in `pixels`
    int bottom = 0;
    for (std::size_t band = 0; band < mode_rows; band += band_rows) {
        const std::size_t rows = std::min(band_rows, mode_rows - band);
        const int from = t.rows.modes[band].first_px;
        const int to = t.rows.end_px(band + rows - 1);
        // What the band before has in common with this one moves up.
        if (bottom > from) std::copy(row_of(from - top), row_of(bottom - top), pixels);
        for (int row = std::max(from, bottom); row < to; ++row)
            weigh(static_cast<std::size_t>(row) * static_cast<std::size_t>(t.region.columns) +
                      static_cast<std::size_t>(left),
                  {row_of(row - from), columns});
        top = from;
        bottom = to;

        for (std::size_t i = 0; i < rows; ++i) {
            const Axis::Mode& mode = t.rows.modes[band + i];
            filter_down(t.rows.taps(mode), row_of(mode.first_px - from), columns,
                        workspace.real.data() + i * columns,
                        workspace.imaginary.data() + i * columns);
        }
        // Rows beyond the last band's are left over from the band before; nobody reads their sums.
        transpose_band(workspace.real.data(), columns, workspace.real_columns.data());
        transpose_band(workspace.imaginary.data(), columns, workspace.imaginary_columns.data());
        for (std::size_t j = first; j <= last; ++j) {
            const Axis::Mode& mode = t.columns.modes[j];
            const std::size_t start = static_cast<std::size_t>(mode.first_px - left) * band_rows;
            float re[band_rows];
            float im[band_rows];
            filter_across(t.columns.taps(mode), workspace.real_columns.data() + start,
                          workspace.imaginary_columns.data() + start, re, im);
            for (std::size_t i = 0; i < rows; ++i)
                field[(band + i) * mode_columns + j] = {re[i], im[i]};
        }
    }
}

std::vector<float> Demodulator::noise_power(std::span<const float> variance_dn2) const {
    const Tables& t = *tables_;
    require(variance_dn2.size() == t.region.pixels(),
            "the variance does not have the region's "
            "shape");
    if (!is_linear()) return kramers_kronig_->noise_power(variance_dn2);
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
