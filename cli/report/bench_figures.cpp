// Sections of the report about the bench: verdicts, validation and error budget, devices.
#include "cli/drift_state.h"
#include "cli/record_summary.h"
#include "cli/report/figures.h"
#include "cli/report/picture.h"
#include "cli/report/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

namespace opal::cli {

namespace {

std::string bar(double share, double largest) {
    // Logarithmic over four decades: sources differ by orders of magnitude.
    constexpr double decades = 4;
    const double part = share > 0 && largest > 0
                            ? std::clamp(1 + std::log10(share / largest) / decades, 0.0, 1.0)
                            : 0.0;
    return fmt::format("<span class=\"bar\" style=\"width:{:.0f}%\"></span>",
                       std::max(100 * part, 0.5));
}

// The example frame turned into the phase of its prediction: a frame's own phase is arbitrary.
std::vector<std::complex<double>> aligned(const calibration::Validation& v) {
    std::complex<double> overlap = 0;
    for (std::size_t k = 0; k < v.example_measured.size(); ++k) {
        overlap += std::complex<double>(std::conj(v.example_predicted[k]) * v.example_measured[k]);
    }
    const std::complex<double> turn = std::conj(overlap) / std::max(std::abs(overlap), 1e-300);
    std::vector<std::complex<double>> measured;
    for (const auto z : v.example_measured) measured.push_back(turn * std::complex<double>(z));
    return measured;
}

std::string prediction_plot(const calibration::Validation& v, Gnuplot& gnuplot) {
    Series points{.label = "modes of one frame", .x = {}, .y = {}, .style = Style::points};
    const auto measured = aligned(v);
    double largest = 0;
    for (std::size_t k = 0; k < measured.size(); ++k) {
        points.x.push_back(v.example_predicted[k].real());
        points.y.push_back(measured[k].real());
        largest = std::max(largest, std::abs(points.x.back()));
    }
    return gnuplot.render({.label = "predicted against measured field",
                           .x_axis = "predicted, real part (√DN)",
                           .y_axis = "measured, real part (√DN)",
                           .series = {points,
                                      {.label = "equal",
                                       .x = {-largest, largest},
                                       .y = {-largest, largest},
                                       .style = Style::line,
                                       .colour = 1}}});
}

std::string difference_plot(const calibration::Validation& v, Gnuplot& gnuplot) {
    const auto measured = aligned(v);
    std::vector<double> differences;
    double squares = 0;
    for (std::size_t k = 0; k < measured.size(); ++k) {
        const auto d = measured[k] - std::complex<double>(v.example_predicted[k]);
        squares += std::norm(d);
        differences.push_back(d.real());
        differences.push_back(d.imag());
    }
    const double rms = std::sqrt(squares / static_cast<double>(differences.size()));
    if (!(rms > 0)) return {};
    for (double& d : differences) d /= rms;
    const Histogram h = histogram(differences, -5, 5, 50);
    return gnuplot.render({.label = "difference between measured and predicted field",
                           .x_axis = "difference / its rms",
                           .y_axis = "probability density",
                           .series = {{.label = fmt::format("rms {:.2g} √DN", rms),
                                       .x = h.centre,
                                       .y = h.density,
                                       .style = Style::bars},
                                      gaussian(-5, 5)},
                           .x_low = -5,
                           .x_high = 5,
                           .y_low = 0});
}

std::string transfer_plot(const calibration::PhotonTransfer& p, Gnuplot& gnuplot) {
    Series line{.label = "fitted gain", .x = {}, .y = {}, .style = Style::line, .colour = 1};
    if (p.gain_deep_e_per_dn.value > 0 && !p.mean_dn.empty()) {
        // Variance = read noise^2 + mean / gain, in DN of the deep format [EMVA 2021, eq. 16].
        const double gain = p.gain_deep_e_per_dn.value;
        const double floor = std::pow(p.read_noise_e.value / gain, 2);
        const double most = *std::max_element(p.mean_dn.begin(), p.mean_dn.end());
        for (int k = 0; k <= 50; ++k) {
            line.x.push_back(most * k / 50);
            line.y.push_back(floor + line.x.back() / gain);
        }
    }
    return gnuplot.render(
        {.label = "photon transfer curve",
         .x_axis = "mean above black (DN)",
         .y_axis = "variance in time (DN²)",
         .series =
             {{.label = "measured", .x = p.mean_dn, .y = p.variance_dn2, .style = Style::points},
              line},
         .x_low = 0,
         .y_low = 0});
}

std::string linearity_plot(const calibration::PhotonTransfer& p, Gnuplot& gnuplot) {
    if (p.exposure_us.size() != p.mean_dn.size()) return {};
    return gnuplot.render(
        {.label = "linearity",
         .x_axis = "exposure (us)",
         .y_axis = "mean above black (DN)",
         .series = {{.label = fmt::format("linear within {:.2f} %", p.linearity_percent),
                     .x = p.exposure_us,
                     .y = p.mean_dn,
                     .style = Style::line_and_points}},
         .x_low = 0,
         .y_low = 0});
}

std::string map_picture(const calibration::Map& map) {
    Picture p;
    p.rows = map.rows;
    p.columns = map.columns;
    p.values = map.light_dn;
    p.high = map.light_dn.empty() ? 1 : *std::max_element(map.light_dn.begin(), map.light_dn.end());
    p.low_text = "0";
    p.high_text = fmt::format("{:.3g} DN", p.high);
    p.label = "light that each part of the DMD sends to the camera";
    return render(p);
}

}  // namespace

void add_validation(Page& page, const calibration::Record& record, Gnuplot& gnuplot) {
    if (!record.validation) return;
    const auto& v = *record.validation;
    page.section("Validation and error budget", "validation");
    page.paragraph(fmt::format(
        "{} patterns the calibration had never shown: the field the matrix predicts and the field "
        "the camera sees correlate by {:.5f} (worst frame {:.5f}), which is worth {:.1f} effective "
        "bits per component.",
        v.patterns, v.correlation.value, v.worst_correlation, v.effective_bits));
    if (!v.example_measured.empty()) {
        page.figure(
            {prediction_plot(v, gnuplot), difference_plot(v, gnuplot)},
            "One held-out frame. Left: what the matrix predicts for every mode against what "
            "was measured. Right: the difference, which noise makes Gaussian.",
            "a cloud instead of a line (noise, or the medium has moved), a line with "
            "another slope (the laser's power has changed), a curve (the camera is not "
            "linear or saturates), a difference with long tails (a few modes are wrong: "
            "hot pixels, dust).");
    }
    double largest = v.measured_error;
    for (const auto& source : v.budget)
        largest = std::max({largest, source.share, source.measured.value});
    const auto number = [](double share) {
        return share > 0 ? fmt::format("{:.2e}", share) : std::string("0");
    };
    const auto bars = [&](double predicted, double measured) {
        return bar(predicted, largest) + bar(measured, largest);
    };
    std::vector<std::vector<std::string>> rows{
        {"source", "predicted over measured, four decades", "predicted", "measured", "how"}};
    for (const auto& s : v.budget)
        rows.push_back(
            {escaped(s.name), bars(s.share, s.separable ? s.measured.value : 0), number(s.share),
             s.separable ? fmt::format("{:.2e} ± {:.0e}", s.measured.value, s.measured.sigma) : "–",
             escaped(s.how)});
    rows.push_back({"<b>all</b>", bars(v.predicted_error, v.measured_error),
                    number(v.predicted_error), number(v.measured_error),
                    fmt::format("of it {:.2e} differs from frame to frame, {:.2e} comes again with "
                                "the pattern",
                                v.temporal_error.value, v.reproducible_error.value)});
    page.table(rows, 5);
    page.paragraph(fmt::format(
        "Error power over signal power. Predicted: from what the other nodes measured. Measured: "
        "from the validation's own frames, every pattern shown twice. {:.2f} effective bits per "
        "output are reached; {:.2f} would be if shot noise, read noise and quantisation were all "
        "there is, {:.2f} with shot noise alone. If the measured error is well above the sum, "
        "something is going on that no node has seen; if one bar dominates, that is the knob to "
        "turn.",
        v.effective_bits, v.noise_limited_bits, v.shot_limited_bits));
}

void add_devices(Page& page, const calibration::Record& record, Gnuplot& gnuplot) {
    page.section("Camera, DMD and drift", "devices");
    if (record.photon_transfer && !record.photon_transfer->mean_dn.empty()) {
        page.figure({transfer_plot(*record.photon_transfer, gnuplot),
                     linearity_plot(*record.photon_transfer, gnuplot)},
                    "Left: photon transfer [EMVA 2021]. The noise grows with the light because "
                    "light comes in quanta, and the slope is the camera's gain. Right: the mean "
                    "against the exposure, which must be a straight line.",
                    "a curve that bends down at the right (saturation), or a floor so high that "
                    "the slope is lost (read noise above the shot noise: more light, or a better "
                    "camera).");
    }
    if (record.map && record.map->rows > 0) {
        const auto& m = *record.map;
        std::vector<std::string> drawings{map_picture(m)};
        if (!m.delay_us.empty()) {
            drawings.push_back(gnuplot.render({.label = "response against trigger delay",
                                               .x_axis = "camera trigger delay (us)",
                                               .y_axis = "relative response",
                                               .series = {{.label = "",
                                                           .x = m.delay_us,
                                                           .y = m.response,
                                                           .style = Style::line_and_points}},
                                               .y_low = 0}));
        }
        page.figure(drawings,
                    "Left: how much light each part of the DMD sends to the camera; the laser beam "
                    "is a soft spot. Right: the response against the camera's trigger delay; the "
                    "chosen delay lies where the mirrors have come to rest.",
                    "a spot that is cut off or off centre (align the beam), dark blocks (dirt, a "
                    "shadow, dead mirrors), a response that never becomes flat (exposure and "
                    "pattern overlap: trigger cable or timing).");
    }
    if (record.drift && !record.drift->time_s.empty()) {
        const auto& d = *record.drift;
        const auto plot = [&](const char* name, const char* unit, const std::vector<double>& y) {
            return gnuplot.render(
                {.label = name,
                 .x_axis = "time (s)",
                 .y_axis = unit,
                 .series = {{.label = "", .x = d.time_s, .y = y, .style = Style::points}}});
        };
        std::vector<std::string> drawings;
        if (d.phase_rad.size() == d.time_s.size()) {
            drawings.push_back(plot("phase over time", "phase (rad)", d.phase_rad));
        }
        if (d.correlation.size() == d.time_s.size()) {
            drawings.push_back(
                plot("correlation over time", "correlation with the start", d.correlation));
        }
        page.figure(drawings,
                    "The phase between the two arms wanders; it is read from the guard strip in "
                    "every frame and removed. The correlation of the speckle with its own start "
                    "says how long the medium stays itself.",
                    "a phase that jumps within one frame's exposure (vibration: fringes wash out), "
                    "or a correlation that falls within minutes (the medium moves: calibrate more "
                    "often, clamp it, keep the air still).");
    }
}

void add_drift_state(Page& page, const calibration::Record& record,
                     const calibration::PerNode<calibration::Freshness>& states) {
    const auto lines = drift_lines(record, states);
    if (lines.empty()) return;
    page.section("What the calibration is still worth", "worth");
    std::vector<std::vector<std::string>> rows{{"what", "state"}};
    for (const auto& [what, state] : lines) rows.push_back({escaped(what), escaped(state)});
    page.table(rows, 2);
    page.paragraph(fmt::format(
        "While the bench works, the loss is measured in every batch, and the matrix is measured "
        "again when the budget of {:.2g} % is spent, not when a time is over. The times here are "
        "what the drift node's rate lets one expect of a bench that is left alone.",
        100 * calibration::spare_correlation));
}

}  // namespace opal::cli
