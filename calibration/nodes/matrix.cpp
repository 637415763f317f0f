// Matrix: see matrix.h.
//
// Row k of a Hadamard matrix of order N, its signs flipped input by input at random, is shown as
// two patterns: the inputs at +1, then those at -1. Their fields differ by T x_k; static light and
// |S|^2 common to both cancel. The fast transform of the differences is N T [Popoff 2010].
//
// Every frame's gain comes from its whole predicted field, strip and data, once a first T is there:
// the strip alone cannot be told from data that happen to look like it. Three rounds settle it.
#include "calibration/nodes/matrix.h"

#include "calibration/hadamard.h"
#include "calibration/phase_reference.h"
#include "calibration/session.h"

#include <fmt/format.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr std::size_t wanted_frames = 1536;
constexpr int rounds = 3;
constexpr std::uint64_t purpose = 0x6d61747269;

struct Plan {
    int inputs = 0;
    int order = 0;
    int repeats = 0;
    std::vector<std::int8_t> signs;  // (repeats, inputs)

    std::size_t frames() const {
        return 2 * static_cast<std::size_t>(order) * static_cast<std::size_t>(repeats);
    }
    std::size_t repeat_of(std::size_t frame) const {
        return frame / (2 * static_cast<std::size_t>(order));
    }
    int row_of(std::size_t frame) const {
        return static_cast<int>(frame % (2 * static_cast<std::size_t>(order)) / 2);
    }
    int sign(std::size_t frame, int input) const {
        return hadamard_entry(row_of(frame), input) *
               signs[repeat_of(frame) * static_cast<std::size_t>(inputs) +
                     static_cast<std::size_t>(input)];
    }
    bool on(std::size_t frame, int input) const {
        return (sign(frame, input) > 0) == (frame % 2 == 0);
    }
    std::uint32_t word(std::size_t frame) const {
        // Steps through all words without showing neighbours in the code one after the other.
        return static_cast<std::uint32_t>(frame * 7 % code_words);
    }
};

Plan make_plan(Session& session) {
    Plan plan;
    plan.inputs = session.record.inputs;
    plan.order = hadamard_order(plan.inputs);
    plan.repeats = static_cast<int>(
        std::max<std::size_t>(2, wanted_frames / (2 * static_cast<std::size_t>(plan.order))));
    std::mt19937_64 bits = session.random(purpose);
    for (int i = 0; i < plan.repeats * plan.inputs; ++i)
        plan.signs.push_back(bits() >> 63 ? std::int8_t{1} : std::int8_t{-1});
    return plan;
}

using Fields = std::vector<std::complex<float>>;

// One inverse Hadamard transform per repeat of the differences of gain-corrected fields.
void solve(const Plan& plan, const PhaseReference& strip, const Fields& fields,
           const std::vector<std::complex<double>>& gains, std::size_t modes, Fields& entries) {
    entries.assign(static_cast<std::size_t>(plan.inputs) * modes, 0);
    Fields work(static_cast<std::size_t>(plan.order) * modes);
    const float scale = 1.0F / static_cast<float>(plan.order * plan.repeats);
    for (std::size_t repeat = 0; repeat < static_cast<std::size_t>(plan.repeats); ++repeat) {
        for (std::size_t k = 0; k < static_cast<std::size_t>(plan.order); ++k) {
            const std::size_t plus = (repeat * static_cast<std::size_t>(plan.order) + k) * 2;
            const auto a = std::complex<float>(1.0 / gains[plus]);
            const auto b = std::complex<float>(1.0 / gains[plus + 1]);
            const auto pa = strip.field(plan.word(plus));
            const auto pb = strip.field(plan.word(plus + 1));
            for (std::size_t m = 0; m < modes; ++m)
                work[k * modes + m] = (fields[plus * modes + m] * a - pa[m]) -
                                      (fields[(plus + 1) * modes + m] * b - pb[m]);
        }
        hadamard_transform(work, plan.order, modes);
        for (std::size_t i = 0; i < static_cast<std::size_t>(plan.inputs); ++i) {
            const float sign =
                scale *
                static_cast<float>(plan.signs[repeat * static_cast<std::size_t>(plan.inputs) + i]);
            for (std::size_t m = 0; m < modes; ++m)
                entries[i * modes + m] += sign * work[i * modes + m];
        }
    }
}

void predict(const Plan& plan, const PhaseReference& strip, const Fields& entries,
             std::size_t frame, std::size_t modes, Fields& into) {
    const auto p = strip.field(plan.word(frame));
    into.assign(p.begin(), p.end());
    for (int i = 0; i < plan.inputs; ++i) {
        if (!plan.on(frame, i)) continue;
        const std::complex<float>* const t = entries.data() + static_cast<std::size_t>(i) * modes;
        for (std::size_t m = 0; m < modes; ++m) into[m] += t[m];
    }
}

std::vector<double> singular_values(const TransmissionMatrix& matrix, std::size_t modes) {
    const Eigen::Map<const Eigen::MatrixXcf> t(matrix.entries.data(),
                                               static_cast<Eigen::Index>(modes), matrix.inputs);
    // Through the smaller Gram matrix: a spectrum for plots, not for solving.
    const Eigen::MatrixXcd gram =
        matrix.inputs <= static_cast<int>(modes)
            ? Eigen::MatrixXcd((t.adjoint() * t).cast<std::complex<double>>())
            : Eigen::MatrixXcd((t * t.adjoint()).cast<std::complex<double>>());
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(gram, Eigen::EigenvaluesOnly);
    std::vector<double> values;
    for (Eigen::Index i = gram.rows(); i-- > 0;)
        values.push_back(
            std::sqrt(std::max(solver.eigenvalues()(i), 0.0) / static_cast<double>(modes)));
    return values;
}

}  // namespace

TransmissionMatrix measure_matrix(Session& session) {
    const Plan plan = make_plan(session);
    const std::size_t frames = plan.frames();
    session.expect(frames);
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(plan.inputs));
    Fields fields;
    reader.read(
        frames,
        [&](std::size_t f, hal::BitPattern& into) {
            for (int i = 0; i < plan.inputs; ++i)
                bits[static_cast<std::size_t>(i)] = plan.on(f, i) ? 1 : 0;
            layout.draw(bits, plan.word(f), into);
        },
        fields);

    const PhaseReference strip(session.record.identity, nullptr, modes);
    const auto field_of = [&](std::size_t f) {
        return std::span<const std::complex<float>>(fields).subspan(f * modes, modes);
    };
    std::vector<std::complex<double>> gains(frames);
    for (std::size_t f = 0; f < frames; ++f) gains[f] = strip.gain(field_of(f), plan.word(f));
    TransmissionMatrix result;
    result.inputs = plan.inputs;
    result.order = plan.order;
    result.repeats = plan.repeats;
    Fields predicted;
    double residual = 0;
    for (int round = 0; round < rounds; ++round) {
        solve(plan, strip, fields, gains, modes, result.entries);
        residual = 0;
        for (std::size_t f = 0; f < frames; ++f) {
            predict(plan, strip, result.entries, f, modes, predicted);
            const std::complex<double> cross = inner(predicted, field_of(f));
            const double own = power(predicted);
            gains[f] = cross / own;
            residual += power(field_of(f)) - std::norm(cross) / own;
        }
    }
    // What the fit itself took out of the residual: inputs unknowns of `frames` equations.
    const double freedom = static_cast<double>(frames) - plan.inputs;
    result.noise_power = std::max(residual, 0.0) / (freedom * static_cast<double>(modes));
    const double entry = power(result.entries) / static_cast<double>(result.entries.size());
    // Each entry is the mean of order x repeats differences of two frames.
    const double entry_variance = 2 * result.noise_power / (plan.order * plan.repeats);
    result.entry_snr = entry / std::max(entry_variance, 1e-30);
    result.singular_values = singular_values(result, modes);

    if (result.entry_snr < 100) {
        result.verdict.text = fmt::format(
            "entries of the matrix stand {:.0f} times above their noise (power), want 100; use "
            "fewer "
            "inputs (larger blocks of mirrors), more laser power or a longer exposure",
            result.entry_snr);
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format(
            "{} inputs x {} modes from {} frames, entries {:.0f} times above their noise (power), "
            "singular values {:.2f} to {:.2f}",
            result.inputs, modes, frames, result.entry_snr, result.singular_values.front(),
            result.singular_values.back());
    }
    return result;
}

}  // namespace opal::calibration
