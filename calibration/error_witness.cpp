// ErrorWitness: see error_witness.h.
#include "calibration/error_witness.h"

#include "calibration/error_budget.h"
#include "calibration/session.h"

#include <fmt/format.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

using Complex = std::complex<float>;
using Rows = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class Witness {
public:
    Witness(const Record& record, const Demodulator& demodulator, const WitnessInputs& in,
            Validation& validation)
        : record_(record),
          demodulator_(demodulator),
          in_(in),
          validation_(validation),
          patterns_(static_cast<double>(in.patterns)),
          modes_(static_cast<double>(in.modes)) {}

    void all() {
        pixels();
        clipping();
        pairs();
        linear();
        pause();
        gains();
        for (const char* name : {"twin image", "strip noise"})
            unknown(name,
                    "linear in the pattern, as long as the phase stands still: it is part of "
                    "what is measured as matrix noise");
    }

private:
    ErrorSource* source(const char* name) {
        for (auto& s : validation_.budget)
            if (s.name == name) return &s;
        return nullptr;
    }
    void found(const char* name, double power, double sigma, std::string how) {
        ErrorSource* const s = source(name);
        if (s == nullptr) return;
        s->measured = {power * in_.scale, sigma * in_.scale};
        s->separable = true;
        s->how = std::move(how);
    }
    void unknown(const char* name, std::string why) {
        if (ErrorSource* const s = source(name)) s->how = std::move(why);
    }
    double filtered(const std::vector<float>& variance) const {
        double sum = 0;
        for (const float p : demodulator_.noise_power(variance)) sum += static_cast<double>(p);
        return sum / modes_;
    }
    std::span<const Complex> residual(std::size_t frame) const {
        return std::span(in_.residuals).subspan(frame * in_.modes, in_.modes);
    }

    // Variance against light is a line: its slope is shot noise, its height at no light read noise
    // and quantisation; a coarser format adds its own steps to the same light.
    void pixels() {
        const double flat = filtered(std::vector<float>(in_.mean_light.size(), 1));
        const Measured& bright = in_.working.variance_dn2;
        const Measured& dim = in_.dim.variance_dn2;
        const double span = in_.working.mean_dn - in_.dim.mean_dn;
        if (!(span > 0)) return;
        const double slope = (bright.value - dim.value) / span;
        const double slope_sigma = std::hypot(bright.sigma, dim.sigma) / span;
        const double light = filtered(in_.mean_light);
        found("shot noise", slope * light, slope_sigma * light,
              fmt::format("pixel variance at {:.0f} and {:.0f} DN of light, its slope",
                          in_.working.mean_dn, in_.dim.mean_dn));

        double step = 1.0 / 12;
        double step_sigma = 0;
        // Steps act as noise of 1/12 if the noise before them is half a step or more.
        const double dither = std::sqrt(std::max(in_.coarse.variance_dn2.value, 0.0));
        if (in_.steps > 1 && dither > 0.5) {
            const double s2 = in_.steps * in_.steps;
            // The coarser variance is v + q s^2, the finer one v + q, with q of a step of 1.
            step = (in_.coarse.variance_dn2.value * s2 - in_.fine.variance_dn2.value) / (s2 - 1);
            step_sigma =
                std::hypot(in_.coarse.variance_dn2.sigma * s2, in_.fine.variance_dn2.sigma) /
                (s2 - 1);
            found("quantisation", step * flat, step_sigma * flat,
                  fmt::format("the same light in two formats, steps 1 : {:.0f}", in_.steps));
        } else {
            unknown("quantisation",
                    in_.steps > 1 ? "less noise than half a step: its error is no noise of its own"
                                  : "the camera has one format: told from read noise by 1/12 DN^2 "
                                    "alone");
        }
        const double floor = dim.value - slope * in_.dim.mean_dn - step;
        const double floor_sigma = std::hypot(dim.sigma, slope_sigma * in_.dim.mean_dn, step_sigma);
        if (source("quantisation")->separable)
            found("read noise", floor * flat, floor_sigma * flat,
                  "pixel variance of the shortest exposure, less shot noise and quantisation");
        else
            found("read noise", floor * flat, floor_sigma * flat,
                  "pixel variance of the shortest exposure, less shot noise and 1/12 DN^2");
    }

    void clipping() {
        ErrorSource* const s = source("saturation");
        if (s == nullptr) return;
        if (in_.clipped == 0) {
            found("saturation", 0, 0,
                  fmt::format("none of {} pixels at the clipping level", in_.pixels));
        } else {
            s->how = fmt::format(
                "{} of {} pixels at the clipping level; how far the light would "
                "have gone beyond is not seen",
                in_.clipped, in_.pixels);
        }
    }

    void pairs() {
        double differences = 0;
        double squares = 0;
        std::complex<double> common = 0;
        for (std::size_t p = 0; p < in_.patterns; ++p) {
            double one = 0;
            const auto a = residual(2 * p);
            const auto b = residual(2 * p + 1);
            for (std::size_t m = 0; m < in_.modes; ++m)
                one += static_cast<double>(std::norm(a[m] - b[m])) / 2;
            differences += one;
            squares += one * one;
            common += inner(a, b);
        }
        const double n = patterns_ * modes_;
        temporal_ = differences / n;
        const double mean = differences / patterns_;
        const double sigma =
            std::sqrt(std::max(squares / patterns_ - mean * mean, 0.0) / patterns_) / modes_;
        common_ = common.real() / n;
        // Noise times noise, and noise times what is common.
        common_sigma_ = std::sqrt((temporal_ * temporal_ / 2 + temporal_ * std::abs(common_)) / n);
        validation_.temporal_error = {temporal_ * in_.scale, sigma * in_.scale};
        validation_.reproducible_error = {common_ * in_.scale, common_sigma_ * in_.scale};
        // Residuals turned back to the phase of the prediction, for what turns with it.
        gain2_ = 0;
        for (std::size_t f = 0; f < 2 * in_.patterns; ++f)
            gain2_ += std::norm(in_.gains[f]) / (2 * patterns_);
        turned_ = Rows(2 * in_.patterns, in_.modes);
        for (std::size_t f = 0; f < 2 * in_.patterns; ++f)
            for (std::size_t m = 0; m < in_.modes; ++m)
                turned_(f, m) = residual(f)[m] * Complex(1.0 / in_.gains[f]);
    }

    // What |S|^2 would leave of each pattern, turned like the residuals; (patterns, modes).
    Rows overlap() {
        Rows leaks(in_.patterns, in_.modes);
        std::vector<Complex> field(in_.modes);
        for (std::size_t p = 0; p < in_.patterns; ++p) {
            for (std::size_t m = 0; m < in_.modes; ++m)
                field[m] = 0.5F * (in_.fields[2 * p * in_.modes + m] +
                                   in_.fields[(2 * p + 1) * in_.modes + m]);
            const auto leak = overlap_field(record_, demodulator_, field);
            const Complex back(0.5 / in_.gains[2 * p] + 0.5 / in_.gains[2 * p + 1]);
            for (std::size_t m = 0; m < in_.modes; ++m) leaks(p, m) = leak[m] * back;
        }
        return leaks;
    }

    // What of the residuals is linear in the pattern's parts, and what is neither that nor noise.
    void linear() {
        if (2 * in_.parts > in_.patterns) {
            const std::string why = fmt::format(
                "{} inputs and {} strip blocks cannot be told from anything in {} patterns",
                in_.inputs, in_.parts - in_.inputs, in_.patterns);
            unknown("matrix noise", why);
            unknown("encoding", why);
            unknown("band overlap", why);
            return;
        }
        const auto rows = static_cast<Eigen::Index>(in_.patterns);
        const auto columns = static_cast<Eigen::Index>(in_.parts);
        const Eigen::Map<
            const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>
            design(in_.design.data(), rows, columns);
        Eigen::ColPivHouseholderQR<Eigen::MatrixXf> qr{Eigen::MatrixXf(design)};
        qr.setThreshold(1e-4F);
        const Eigen::Index rank = qr.rank();
        const Eigen::MatrixXf whole = qr.householderQ() * Eigen::MatrixXf::Identity(rows, rank);
        const Eigen::MatrixXcf basis = whole.cast<Complex>();
        Rows first(rows, turned_.cols());
        Rows second(rows, turned_.cols());
        for (Eigen::Index p = 0; p < rows; ++p) {
            first.row(p) = turned_.row(2 * p);
            second.row(p) = turned_.row(2 * p + 1);
        }
        const Rows a = basis.adjoint() * first;  // (rank, modes)
        const Rows b = basis.adjoint() * second;
        const auto product = [](const Rows& x, const Rows& y) {
            return static_cast<double>((x.conjugate().cwiseProduct(y)).sum().real());
        };
        const double n = patterns_ * modes_;
        // Only what two frames have in common: noise drops out.
        const double explained = product(a, b) / n * gain2_;
        const double together = product(first, second) / n * gain2_;
        const double dof = static_cast<double>(rank) * modes_;
        found(
            "matrix noise", explained, temporal_ * std::sqrt(dof / 2) / n,
            fmt::format("reproducible and linear in {} parts of the pattern; with the strip's and "
                        "what stands still",
                        rank));
        // The matrix takes up what of |S|^2 is linear in the pattern; the rest is to be found.
        Rows leaks = overlap();
        leaks -= basis * (basis.adjoint() * leaks);
        const Rows both = 0.5F * (first + second);
        const double there = product(leaks, leaks);
        const double part = there > 0 ? product(leaks, both) / there : 0;  // 1: as computed
        const double part_sigma = there > 0 ? std::sqrt(temporal_ / (4 * gain2_ * there)) : 0;
        const double each = there / n * gain2_;
        const double overlapping = part * std::abs(part) * each;
        found(
            "band overlap", overlapping,
            2 * std::max(std::abs(part), part_sigma) * part_sigma * each,
            fmt::format("the residuals contain {:.2f} +- {:.2f} of what |S|^2 of their own fields "
                        "leaves beyond the matrix",
                        part, part_sigma));
        const double outside = (together - explained) * patterns_ /
                               std::max(patterns_ - static_cast<double>(rank), 1.0);
        found("encoding", outside - overlapping, common_sigma_,
              "reproducible, neither linear in the pattern nor |S|^2");
    }

    // What has changed from before the pause to after it.
    void pause() {
        const std::size_t late = in_.late_patterns;
        if (late < 2) {
            unknown("PRNU", "no pattern was shown again after a pause");
            unknown("drift", "no pattern was shown again after a pause");
            return;
        }
        const auto n = static_cast<double>(late);
        std::vector<std::complex<double>> mean(in_.modes, 0);
        double whole = 0;
        double leverage = 0;
        for (std::size_t p = 0; p < late; ++p) {
            const std::size_t f = 2 * in_.patterns + p;
            const std::complex<double> now = 1.0 / in_.gains[f];
            const std::complex<double> then = 0.5 / in_.gains[2 * p] + 0.5 / in_.gains[2 * p + 1];
            leverage += std::norm(now - then) / n;
            for (std::size_t m = 0; m < in_.modes; ++m) {
                const Complex before =
                    0.5F * (residual(2 * p)[m] * Complex(1.0 / in_.gains[2 * p]) +
                            residual(2 * p + 1)[m] * Complex(1.0 / in_.gains[2 * p + 1]));
                const Complex d = residual(f)[m] * Complex(now) - before;
                mean[m] += std::complex<double>(d) / n;
                whole += static_cast<double>(std::norm(d));
            }
        }
        double still = 0;
        for (const auto z : mean) still += std::norm(z);
        const double moving = (whole - n * still) / ((n - 1) * modes_) * gain2_;
        // One late frame against the mean of two early ones.
        const double noise = 1.5 * temporal_;
        const double moved = moving - noise;
        const double moved_sigma = noise * std::sqrt(2 / ((n - 1) * modes_));
        // Half-lit patterns share the part of their change that all of them have in common.
        const double shared = 1 / std::max(1 - in_.lit_part, 0.1);
        const double older = in_.pause_s > 0 ? in_.age_s / in_.pause_s : 0;
        found("drift", moved * shared * older, moved_sigma * shared * older,
              fmt::format("{} patterns again after {:.1f} s, scaled to {:.2g} s", late, in_.pause_s,
                          in_.age_s));
        const double standing = still / modes_ - moving / (gain2_ * n);
        const double standing_sigma = moving / (gain2_ * n) * std::sqrt(1 / modes_);
        const double prnu = standing / std::max(leverage, 1e-300);
        const double sigma = standing_sigma / std::max(leverage, 1e-300);
        // The phase has to have moved, or light that does not turn cannot be told from light that
        // does; nor does it do harm then.
        if (leverage < 1e-4) {
            unknown("PRNU",
                    "the phase stood still over the pause: what does not turn with it "
                    "cannot be told from what does, and does no harm");
        } else {
            found("PRNU", prnu * in_.phase_step2, sigma * in_.phase_step2,
                  fmt::format("light that did not turn when the phase did, by {:.2f} rad",
                              std::sqrt(leverage)));
        }
    }

    // The part of a residual that is a copy of the field itself: a wrong gain.
    void gains() {
        double copies = 0;
        for (std::size_t f = 0; f < 2 * in_.patterns; ++f) {
            const auto y = std::span(in_.fields).subspan(f * in_.modes, in_.modes);
            copies += std::norm(inner(y, residual(f))) / std::max(power(y), 1e-300);
        }
        copies /= 2 * patterns_ * modes_;
        const double chance = temporal_ / modes_;  // of noise alone
        found("phase reference", copies - chance, copies * std::sqrt(1 / (2 * patterns_)),
              "the part of the residuals that is a copy of the field");
    }

    const Record& record_;
    const Demodulator& demodulator_;
    const WitnessInputs& in_;
    Validation& validation_;
    double patterns_;
    double modes_;
    double temporal_ = 0;  // power per mode, DN
    double common_ = 0;
    double common_sigma_ = 0;
    double gain2_ = 1;  // mean |g|^2
    Rows turned_;       // (2 patterns, modes) r / g
};

}  // namespace

void witness_errors(const Record& record, const Demodulator& demodulator, const WitnessInputs& in,
                    Validation& validation) {
    Witness(record, demodulator, in, validation).all();
}

}  // namespace opal::calibration
