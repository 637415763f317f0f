// ErrorWitness: see error_witness.h.
#include "calibration/error_witness.h"

#include "calibration/error_budget.h"
#include "calibration/graph.h"
#include "calibration/pixel_witness.h"
#include "calibration/session.h"
#include "calibration/twin_image.h"

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
        if (2 * in_.parts > in_.patterns) {
            const std::string why = fmt::format(
                "{} inputs and {} strip blocks cannot be told from anything in {} patterns",
                in_.inputs, in_.parts - in_.inputs, in_.patterns);
            for (const char* name : {"twin image", "matrix noise", "encoding", "band overlap"})
                unknown(name, why);
        } else {
            find_basis();
            twin();
            linear();
        }
        pause();
        gains();
        unknown("strip noise",
                "linear in the pattern: it is part of what is measured as matrix noise");
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

    void pixels() {
        const double flat = filtered(std::vector<float>(in_.mean_light.size(), 1));
        const double light = filtered(in_.mean_light);
        const PixelLaw law = pixel_law(in_);
        if (!law.found) return;
        found("shot noise", law.slope.value * light, law.slope.sigma * light,
              fmt::format("pixel variance at {:.0f} and {:.0f} DN of light, its slope",
                          in_.working.mean_dn, in_.dim.mean_dn));
        if (law.step_found)
            found("quantisation", law.step.value * flat, law.step.sigma * flat,
                  fmt::format("the same light in two formats, steps 1 : {:.0f}", in_.steps));
        else
            unknown("quantisation",
                    in_.steps > 1 ? "less noise than half a step: its error is no noise of its own"
                                  : "the camera has one format: told from read noise by 1/12 DN^2 "
                                    "alone");
        found("read noise", law.floor.value * flat, law.floor.sigma * flat,
              fmt::format("pixel variance of the shortest exposure, less shot noise and {}",
                          law.step_found ? "quantisation" : "1/12 DN^2"));
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
        common_sigma_ = product_sigma(temporal_, std::abs(common.real()), n) / n;
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

    // An orthonormal basis of everything that is linear in the pattern's parts.
    void find_basis() {
        const Eigen::MatrixXf design = this->design();
        Eigen::ColPivHouseholderQR<Eigen::MatrixXf> qr{design};
        qr.setThreshold(1e-4F);
        const Eigen::MatrixXf whole =
            qr.householderQ() * Eigen::MatrixXf::Identity(design.rows(), qr.rank());
        basis_ = whole.cast<Complex>();
    }
    Eigen::MatrixXf design() const {
        return Eigen::Map<
            const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            in_.design.data(), static_cast<Eigen::Index>(in_.patterns),
            static_cast<Eigen::Index>(in_.parts));
    }
    Rows beyond_linear(const Rows& rows) const { return rows - basis_ * (basis_.adjoint() * rows); }
    static double product(const Rows& x, const Rows& y) {
        return static_cast<double>((x.conjugate().cwiseProduct(y)).sum().real());
    }
    // How much of `leaks` (patterns, modes) the residuals contain, beyond what is linear: 1 is all.
    Measured part_of(const Rows& leaks) const {
        const Rows rest = beyond_linear(leaks);
        const double there = product(rest, rest);
        if (!(there > 0)) return {0, 1e30};
        Rows both(leaks.rows(), leaks.cols());
        for (Eigen::Index p = 0; p < both.rows(); ++p)
            both.row(p) = 0.5F * (turned_.row(2 * p) + turned_.row(2 * p + 1));
        return {product(rest, both) / there, std::sqrt(temporal_ / (4 * gain2_ * there))};
    }

    // What the twin image adds to r / g of this frame of a pattern.
    Eigen::RowVectorXcf twin_of(std::size_t pattern, std::complex<double> gain) const {
        const std::complex<double> turn = twin_turn(gain);
        const auto p = static_cast<Eigen::Index>(pattern);
        return Complex(turn - 1.0) * strip_twins_.row(p) +
               Complex(turn - mean_turn_) * data_twins_.row(p);
    }

    // The twin as it follows from strip, matrix and the frames' phases. Found by what of it is not
    // linear in the pattern, since the phase differs from pattern to pattern; then taken out.
    void twin() {
        if (!demodulator_.is_linear()) {
            unknown("twin image", "this demodulator has none that follows from its fields");
            return;
        }
        const KnownTwins known = known_twins(record_, demodulator_);
        const auto rows_of = [&](const std::vector<Complex>& fields) {
            return Eigen::Map<const Rows>(fields.data(),
                                          static_cast<Eigen::Index>(fields.size() / in_.modes),
                                          static_cast<Eigen::Index>(in_.modes));
        };
        const Eigen::MatrixXcf parts = design().cast<Complex>();
        const auto inputs = static_cast<Eigen::Index>(in_.inputs);
        data_twins_ = parts.leftCols(inputs) * rows_of(known.inputs);
        strip_twins_ = parts.rightCols(parts.cols() - inputs) * rows_of(known.columns);
        strip_twins_.rowwise() += rows_of(known.background).row(0);
        const std::size_t frames = 2 * in_.patterns;
        for (std::size_t f = 0; f < frames; ++f)
            mean_turn_ += twin_turn(in_.gains[f]) / static_cast<double>(frames);

        Rows leaks(parts.rows(), data_twins_.cols());
        for (std::size_t p = 0; p < in_.patterns; ++p)
            leaks.row(static_cast<Eigen::Index>(p)) =
                0.5F * (twin_of(p, in_.gains[2 * p]) + twin_of(p, in_.gains[2 * p + 1]));
        const Measured part = part_of(leaks);
        constexpr double known_enough = 0.2;
        if (part.sigma > known_enough) {
            unknown("twin image", "the phase stood still: it is part of strip and matrix");
            return;
        }
        twin_part_ = part.value;
        const double each = product(leaks, leaks) / (patterns_ * modes_) * gain2_;
        found("twin image", part.value * std::abs(part.value) * each,
              2 * std::max(std::abs(part.value), part.sigma) * part.sigma * each,
              fmt::format("the residuals contain {:.2f} +- {:.2f} of what strip and matrix make of "
                          "it at the phases of the frames",
                          part.value, part.sigma));
        for (std::size_t f = 0; f < frames; ++f)
            turned_.row(static_cast<Eigen::Index>(f)) -=
                static_cast<float>(twin_part_) * twin_of(f / 2, in_.gains[f]);
    }

    // What of the residuals is linear in the pattern's parts, and what is neither that nor noise.
    void linear() {
        const auto rows = static_cast<Eigen::Index>(in_.patterns);
        Rows first(rows, turned_.cols());
        Rows second(rows, turned_.cols());
        for (Eigen::Index p = 0; p < rows; ++p) {
            first.row(p) = turned_.row(2 * p);
            second.row(p) = turned_.row(2 * p + 1);
        }
        const Rows a = basis_.adjoint() * first;  // (rank, modes)
        const Rows b = basis_.adjoint() * second;
        const Eigen::Index rank = basis_.cols();
        const double n = patterns_ * modes_;
        // Only what two frames have in common: noise drops out.
        const double explained = product(a, b) / n * gain2_;
        const double together = product(first, second) / n * gain2_;
        const double dof = static_cast<double>(rank) * modes_;
        found(
            "matrix noise", explained, product_sigma(temporal_, std::abs(explained) * n, dof) / n,
            fmt::format("reproducible and linear in {} parts of the pattern; with the strip's and "
                        "what stands still",
                        rank));
        // The matrix takes up what of |S|^2 is linear in the pattern; the rest is to be found.
        const Rows leaks = overlap();
        const Rows rest = beyond_linear(leaks);
        const auto [part, part_sigma] = part_of(leaks);
        const double each = product(rest, rest) / n * gain2_;
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
              "reproducible, and nothing of the above: neither twin, |S|^2, nor linear in the "
              "pattern");
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
        // d_p = F step_p + what has drifted + noise, by least squares for F, mode by mode: light
        // that stands still is turned by 1 / g in a residual, and all other light is not.
        std::vector<std::complex<double>> still(in_.modes, 0);
        std::complex<double> mean_step = 0;
        double whole = 0;
        double steps2 = 0;
        for (std::size_t p = 0; p < late; ++p) {
            const std::size_t f = 2 * in_.patterns + p;
            const std::complex<double> now = 1.0 / in_.gains[f];
            const std::complex<double> then = 0.5 / in_.gains[2 * p] + 0.5 / in_.gains[2 * p + 1];
            const std::complex<double> step = now - then;
            const auto row = static_cast<Eigen::Index>(p);
            Eigen::RowVectorXcf change = -0.5F * (turned_.row(2 * row) + turned_.row(2 * row + 1));
            for (std::size_t m = 0; m < in_.modes; ++m)
                change(static_cast<Eigen::Index>(m)) += residual(f)[m] * Complex(now);
            if (twin_part_ != 0)
                change -= static_cast<float>(twin_part_) * twin_of(p, in_.gains[f]);
            mean_step += step / n;
            steps2 += std::norm(step);
            whole += static_cast<double>(change.squaredNorm());
            for (std::size_t m = 0; m < in_.modes; ++m)
                still[m] +=
                    std::conj(step) * std::complex<double>(change(static_cast<Eigen::Index>(m)));
        }
        double explained = 0;  // times steps2
        for (const auto z : still) explained += std::norm(z);
        const double leverage = steps2 / n;
        const double taken = explained / std::max(steps2, 1e-300);
        const double moving = (whole - taken) / ((n - 1) * modes_) * gain2_;
        // One late frame against the mean of two early ones.
        const double noise = 1.5 * temporal_;
        const double moved = moving - noise;
        const double moved_sigma = change_sigma(noise, (n - 1) * modes_, patterns_ * modes_);
        // Half-lit patterns share the part of their change that all of them have in common, which
        // F takes up as far as the steps are alike.
        const double alike = std::norm(mean_step) / std::max(leverage, 1e-300);
        const double shared = 1 / std::max(1 - in_.lit_part * alike, 0.1);
        tell_drift(moved * shared, moved_sigma * shared);
        const double noise_of_still = moving / gain2_ / std::max(steps2, 1e-300);
        const double prnu = taken / std::max(steps2, 1e-300) / modes_ - noise_of_still;
        const double sigma =
            std::sqrt(noise_of_still * (noise_of_still + 2 * std::max(prnu, 0.0)) / modes_);
        // The phase has to have moved, or light that does not turn cannot be told from light that
        // does; nor does it do harm then.
        if (leverage < 1e-4) {
            unknown("PRNU",
                    "the phase stood still over the pause: what does not turn with it "
                    "cannot be told from what does, and does no harm");
        } else {
            found("PRNU", prnu * in_.phase_step2, sigma * in_.phase_step2,
                  fmt::format("at most: light that did not turn when the phase did, by {:.2f} rad; "
                              "twin of light that the modes do not hold looks alike",
                              std::sqrt(leverage)));
        }
    }

    void tell_drift(double changed, double sigma) {
        const double older = growth_of_change(in_.age_s, in_.pause_s);
        const std::string scaled = fmt::format(
            "over {:.1f} s, scaled to the matrix's age of {}", in_.pause_s,
            in_.age_s < 10 ? fmt::format("{:.1f} s", in_.age_s) : text_of_age(in_.age_s));
        if (sigma * older * in_.scale > validation_.measured_error)
            return unknown("drift", scaled + ": sigma is more than all error; see matrix noise");
        found("drift", changed * older, sigma * older, "change of patterns " + scaled);
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
    double gain2_ = 1;        // mean |g|^2
    Rows turned_;             // (2 patterns, modes) r / g, without the twin once that is known
    Eigen::MatrixXcf basis_;  // (patterns, rank)
    Rows strip_twins_;        // (patterns, modes) t of the strip, twin_image.h
    Rows data_twins_;         // and of the data
    std::complex<double> mean_turn_ = 0;
    double twin_part_ = 0;
};

}  // namespace

void witness_errors(const Record& record, const Demodulator& demodulator, const WitnessInputs& in,
                    Validation& validation) {
    Witness(record, demodulator, in, validation).all();
}

}  // namespace opal::calibration
