// Matrix: see matrix.h.
//
// Row k of a Hadamard matrix of order N, its signs flipped input by input at random, is shown as
// two patterns: the inputs at +1, then those at -1. Their fields differ by T x_k; static light and
// |S|^2 common to both cancel. The fast transform of the differences is N T [Popoff 2010]. Fresh
// signs in every repeat make fringes of |S|^2 average out instead of adding to the entries.
#include "calibration/nodes/matrix.h"

#include "calibration/hadamard.h"
#include "calibration/matrix_fit.h"
#include "calibration/session.h"

#include <fmt/format.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr std::size_t wanted_frames = 1536;
constexpr std::uint64_t purpose = 0x6d61747269;

HadamardPlan make_plan(Session& session) {
    const int inputs = session.record.inputs;
    const auto per_repeat = 2 * static_cast<std::size_t>(hadamard_order(inputs));
    const int repeats = static_cast<int>(std::max<std::size_t>(2, wanted_frames / per_repeat));
    std::mt19937_64 bits = session.random(purpose);
    std::vector<std::int8_t> signs;
    for (int i = 0; i < repeats * inputs; ++i)
        signs.push_back(bits() >> 63 ? std::int8_t{1} : std::int8_t{-1});
    return {inputs, repeats, std::move(signs)};
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
    const HadamardPlan plan = make_plan(session);
    session.expect(plan.frames());
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(plan.inputs()));
    std::vector<std::complex<float>> fields;
    reader.read(
        plan.frames(),
        [&](std::size_t f, hal::BitPattern& into) {
            for (int i = 0; i < plan.inputs(); ++i)
                bits[static_cast<std::size_t>(i)] = plan.on(f, i) ? 1 : 0;
            layout.draw(bits, plan.word(f), into);
        },
        fields);

    MatrixFit fit = fit_matrix(plan, session.record.identity, fields, modes);
    TransmissionMatrix result;
    result.inputs = plan.inputs();
    result.order = plan.order();
    result.repeats = plan.repeats();
    result.entries = std::move(fit.entries);
    result.noise_power = fit.noise_power;
    const double entry = power(result.entries) / static_cast<double>(result.entries.size());
    // Each entry is the mean of order x repeats differences of two frames.
    const double entry_variance = 2 * result.noise_power / (plan.order() * plan.repeats());
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
            result.inputs, modes, plan.frames(), result.entry_snr, result.singular_values.front(),
            result.singular_values.back());
    }
    return result;
}

}  // namespace opal::calibration
