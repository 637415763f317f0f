// Sections of the report about light: fringes, speckle, transmission matrix.
#include "cli/report/figures.h"
#include "cli/report/picture.h"
#include "cli/report/statistics.h"

#include <fmt/format.h>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace opal::cli {

namespace {

using Field = std::vector<std::complex<float>>;

// Value below which `part` of the numbers lie.
double quantile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at),
                     values.end());
    return values[at];
}

std::string frame_detail(const hal::Frame& frame) {
    constexpr int most_px = 64;
    Picture p;
    p.rows = std::min(frame.region.rows, most_px);
    p.columns = std::min(frame.region.columns, most_px);
    for (int r = 0; r < p.rows; ++r) {
        for (int c = 0; c < p.columns; ++c) p.values.push_back(frame.count_at(r, c));
    }
    p.colours = Colours::grey;
    p.low = 0;
    p.high = frame.max_count();
    p.low_text = "0 DN";
    p.high_text = fmt::format("{} DN", frame.max_count());
    p.label = "detail of one camera frame with interference fringes";
    return render(p);
}

// The averaged power spectrum, zero frequency moved to the centre, with the three bands marked.
std::string spectrum_picture(const calibration::Carrier& carrier) {
    const int n = carrier.spectrum_size;
    Picture p;
    p.rows = p.columns = n;
    for (int r = 0; r < n; ++r) {
        for (int c = 0; c < n; ++c) {
            const int from_row = (r + n / 2) % n;
            const int from_column = (c + n / 2) % n;
            p.values.push_back(carrier.spectrum[static_cast<std::size_t>(from_row * n) +
                                                static_cast<std::size_t>(from_column)]);
        }
    }
    p.low = quantile(p.values, 0.05);
    p.high = quantile(p.values, 0.998);
    p.low_text = fmt::format("{:.1e}", std::pow(10, p.low));
    p.high_text = fmt::format("{:.1e} DN² per pixel, logarithmic", std::pow(10, p.high));
    p.label = "power spectrum of the frames with the side band marked";
    const auto mark = [&](double sign, const char* word) {
        p.marks.push_back({n / 2.0 + sign * carrier.rows_cpp.value * n,
                           n / 2.0 + sign * carrier.columns_cpp.value * n,
                           carrier.width_rows_cpp * n, carrier.width_columns_cpp * n, word});
    };
    mark(1, "side band");
    mark(-1, "its twin");
    return render(p);
}

Picture mode_grid(const calibration::Holography& h, const Field& field) {
    Picture p;
    p.rows = h.mode_rows;
    p.columns = h.mode_columns;
    p.values.reserve(field.size());
    return p;
}

std::string amplitude_picture(const calibration::Holography& h, const Field& field,
                              const char* label) {
    Picture p = mode_grid(h, field);
    for (const auto z : field) p.values.push_back(std::abs(z));
    p.low = 0;
    p.high = quantile(p.values, 0.995);
    p.low_text = "0";
    p.high_text = fmt::format("{:.2f} √DN", p.high);
    p.label = label;
    return render(p);
}

std::string phase_picture(const calibration::Holography& h, const Field& field, const char* label) {
    Picture p = mode_grid(h, field);
    for (const auto z : field) p.values.push_back(std::arg(z));
    p.colours = Colours::phase;
    p.low = -std::numbers::pi;
    p.high = std::numbers::pi;
    p.low_text = "-π";
    p.high_text = "π";
    p.label = label;
    return render(p);
}

// Every input's column divided by its own rms: what is left is the medium, not the beam.
Eigen::MatrixXcd normalised_columns(const calibration::TransmissionMatrix& t) {
    const auto inputs = static_cast<Eigen::Index>(t.inputs);
    const auto modes = static_cast<Eigen::Index>(t.entries.size()) / inputs;
    Eigen::MatrixXcd columns = Eigen::Map<const Eigen::MatrixXcf>(t.entries.data(), modes, inputs)
                                   .cast<std::complex<double>>();
    for (Eigen::Index i = 0; i < inputs; ++i) {
        const double rms = columns.col(i).norm() / std::sqrt(static_cast<double>(modes));
        if (rms > 0) columns.col(i) /= rms;
    }
    return columns;
}

std::string exponential_plot(const Eigen::MatrixXcd& t, Gnuplot& gnuplot) {
    std::vector<double> intensities;
    for (Eigen::Index k = 0; k < t.size(); ++k) intensities.push_back(std::norm(t.data()[k]));
    const Histogram h = histogram(intensities, 0, 8, 40);
    Series law{
        .label = "exponential law", .x = h.centre, .y = {}, .style = Style::line, .colour = 1};
    for (const double x : h.centre) law.y.push_back(std::exp(-x));
    Series measured{.label = "measured", .x = {}, .y = {}, .style = Style::points, .colour = 0};
    for (std::size_t i = 0; i < h.centre.size(); ++i) {
        if (!(h.density[i] > 0)) continue;  // a logarithmic axis has no zero
        measured.x.push_back(h.centre[i]);
        measured.y.push_back(h.density[i]);
    }
    return gnuplot.render({.label = "intensity statistics",
                           .x_axis = "intensity / mean",
                           .y_axis = "probability density",
                           .series = {measured, law},
                           .y_log = true,
                           .x_low = 0,
                           .x_high = 8,
                           .y_low = 1e-4,
                           .y_high = 2});
}

std::string gaussian_plot(const Eigen::MatrixXcd& t, Gnuplot& gnuplot) {
    std::vector<double> real, imaginary;
    for (Eigen::Index k = 0; k < t.size(); ++k) {
        real.push_back(t.data()[k].real() * std::numbers::sqrt2);
        imaginary.push_back(t.data()[k].imag() * std::numbers::sqrt2);
    }
    const Histogram re = histogram(real, -4, 4, 40);
    const Histogram im = histogram(imaginary, -4, 4, 40);
    return gnuplot.render(
        {.label = "distribution of matrix entries",
         .x_axis = "entry / standard deviation",
         .y_axis = "probability density",
         .series = {{.label = "real", .x = re.centre, .y = re.density, .style = Style::bars},
                    {.label = "imaginary",
                     .x = im.centre,
                     .y = im.density,
                     .style = Style::points,
                     .colour = 3},
                    gaussian(-4, 4)},
         .x_low = -4,
         .x_high = 4,
         .y_low = 0,
         .y_high = 0.5});
}

std::string singular_value_plot(const Eigen::MatrixXcd& t, Gnuplot& gnuplot) {
    const Eigen::MatrixXcd gram = t.adjoint() * t / static_cast<double>(t.rows());
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(gram, Eigen::EigenvaluesOnly);
    const auto count = static_cast<int>(t.cols());
    Series measured{.label = "measured", .x = {}, .y = {}, .style = Style::points, .colour = 0};
    for (int k = 0; k < count; ++k) {
        measured.x.push_back(k + 1);
        measured.y.push_back(std::sqrt(std::max(solver.eigenvalues()(count - 1 - k), 0.0)));
    }
    const double ratio = static_cast<double>(t.cols()) / static_cast<double>(t.rows());
    const auto law = singular_value_law(ratio, count);
    Series expected{.label = "Marchenko-Pastur",
                    .x = measured.x,
                    .y = law.quantile,
                    .style = Style::line,
                    .colour = 1};
    const auto edge = [&](double y, const char* label) {
        return Series{.label = label,
                      .x = {1, static_cast<double>(count)},
                      .y = {y, y},
                      .style = Style::dashed,
                      .colour = 4};
    };
    return gnuplot.render(
        {.label = "singular values",
         .x_axis = "number",
         .y_axis = "singular value",
         .series = {measured, expected, edge(law.low, "edges"), edge(law.high, "")},
         .y_low = std::max(0.0, law.low - 0.15),
         .y_high = law.high + 0.15});
}

}  // namespace

void add_fringes(Page& page, const calibration::Record& record,
                 const std::optional<hal::Frame>& frame) {
    if (!record.carrier) return;
    const auto& c = *record.carrier;
    page.section("Fringes", "fringes");
    std::vector<std::string> drawings;
    if (frame) drawings.push_back(frame_detail(*frame));
    if (c.spectrum_size > 0) drawings.push_back(spectrum_picture(c));
    page.figure(
        drawings,
        fmt::format("{}The spectrum of many frames (zero frequency in the centre) has three parts: "
                    "in the middle the light alone and the reference alone, and off axis the side "
                    "band, where the reference beam's tilt carries the complex field. The carrier "
                    "is at ({:.4f}, {:.4f}) cycles per pixel; the band stands {:.0f} times above "
                    "the noise floor and its width gives a speckle grain of {} x {} pixels.",
                    frame ? "Left: the camera's raw counts. The grain is speckle, the fine stripes "
                            "inside are the interference with the tilted reference beam. "
                          : "",
                    c.rows_cpp.value, c.columns_cpp.value, c.peak_to_floor, c.pitch_rows_px,
                    c.pitch_columns_px),
        "a side band that touches the middle (tilt the reference more), one that is cut by the "
        "edge "
        "(tilt it less), one that drowns in the floor (block the reference and look: is it "
        "there?), "
        "or white areas in the frame (saturated: shorten the exposure).");
}

void add_speckle(Page& page, const calibration::Record& record, Gnuplot& gnuplot) {
    if (!record.validation || record.validation->example_measured.empty()) return;
    const auto& h = record.holography;
    const Field& field = record.validation->example_measured;
    page.section("Demodulated speckle", "speckle");
    std::vector<std::string> drawings{
        amplitude_picture(h, field, "amplitude of the field per mode"),
        phase_picture(h, field, "phase of the field per mode")};
    if (record.matrix) {
        drawings.push_back(exponential_plot(normalised_columns(*record.matrix), gnuplot));
    }
    page.figure(
        drawings,
        fmt::format(
            "One frame after demodulation: amplitude (left) and phase (middle) of {} modes, "
            "one complex number each. It looks like noise and is not: the same pattern "
            "gives the same field every time. Right: how often which intensity occurs. "
            "Fully developed speckle is exponentially distributed [Goodman 2007], many dark "
            "modes and few bright ones: a straight line on this axis.",
            h.modes()),
        "stripes or blocks (carrier slightly wrong, or neighbouring modes not independent), a "
        "bright corner (uneven light on the sensor), a phase that varies slowly across the picture "
        "(wavefront curvature not removed); intensities that bend at the left (light that does not "
        "come through the medium) or end early (saturation, or several grains per mode).");
}

void add_matrix(Page& page, const calibration::Record& record, Gnuplot& gnuplot) {
    if (!record.matrix || record.matrix->entries.empty()) return;
    const Eigen::MatrixXcd t = normalised_columns(*record.matrix);
    page.section("Transmission matrix", "matrix");
    page.paragraph(fmt::format(
        "{} inputs to {} modes, measured with Hadamard patterns [Popoff 2010]; an entry's signal "
        "is {:.0f} times its noise power. Every column is divided by its own strength first: the "
        "laser beam lights the centre of the DMD more than its edge.",
        t.cols(), t.rows(), record.matrix->entry_snr));
    std::vector<std::string> drawings{gaussian_plot(t, gnuplot)};
    // Beyond this many inputs the eigenvalues would take longer than the calibration did.
    constexpr Eigen::Index most_inputs = 2048;
    if (t.cols() > 1 && t.cols() <= std::min(most_inputs, t.rows())) {
        drawings.push_back(singular_value_plot(t, gnuplot));
    }
    page.figure(
        drawings,
        "Left: real and imaginary parts of the entries against the Gaussian a random medium "
        "must give. Right: singular values against the law of Marchenko and Pastur for "
        "independent entries [Marchenko 1967]: this is what makes the bench a good random "
        "projection, since no direction of the input is lost.",
        "a peak at zero (inputs that send no light), singular values far above the upper "
        "edge (columns that share light: static background, or a medium too thin), values "
        "far below the lower edge (inputs the medium cannot tell apart).");
}

}  // namespace opal::cli
