// Matrix: see matrix.h.
//
// Row k of a Hadamard matrix of order N, its signs flipped input by input at random, is shown as
// two patterns: the inputs at +1, then those at -1. Their fields differ by T x_k; static light and
// |S|^2 common to both cancel. The fast transform of the differences is N T [Popoff 2010]. Fresh
// signs in every repeat make fringes of |S|^2 average out instead of adding to the entries.
#include "calibration/nodes/matrix.h"

#include "calibration/nodes/matrix_random.h"

#include "calibration/field_store.h"
#include "calibration/hadamard.h"
#include "calibration/matrix_fit.h"
#include "calibration/session.h"
#include "calibration/word_check.h"

#include <fmt/format.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr std::size_t wanted_frames = 1536;
constexpr std::uint64_t purpose = 0x6d61747269;

// How many repeats get signs of their own. One choice of signs shows 2 x order patterns and their
// complements among them; with few inputs all choices together soon show every pattern, and
// none would be left to validate with. So a quarter is kept back.
int fresh_repeats(int inputs, int order, int repeats) {
    if (inputs > 30) return repeats;
    const double choices = std::exp2(inputs) / (2.0 * order);
    return std::clamp(static_cast<int>(std::min(0.75 * choices, 1e9)), 1, repeats);
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

HadamardPlan hadamard_plan(const Session& session) {
    const int inputs = session.record.inputs;
    const int order = hadamard_order(inputs);
    const auto per_repeat = 2 * static_cast<std::size_t>(order);
    const int repeats = static_cast<int>(std::max<std::size_t>(2, wanted_frames / per_repeat));
    const int fresh = fresh_repeats(inputs, order, repeats);
    std::mt19937_64 bits = session.random(purpose);
    std::vector<std::int8_t> signs;
    for (int i = 0; i < fresh * inputs; ++i)
        signs.push_back(bits() >> 63 ? std::int8_t{1} : std::int8_t{-1});
    for (int i = fresh * inputs; i < repeats * inputs; ++i)
        signs.push_back(signs[static_cast<std::size_t>(i % (fresh * inputs))]);
    return {inputs, repeats, std::move(signs)};
}

TransmissionMatrix measure_hadamard(Session& session) {
    const HadamardPlan plan = hadamard_plan(session);
    session.expect(plan.frames());
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(plan.inputs()));
    FieldStore fields(plan.frames(), modes, session.options.memory_limit(),
                      session.options.scratch);
    const auto draw = [&](std::size_t f, hal::BitPattern& into) {
        for (int i = 0; i < plan.inputs(); ++i)
            bits[static_cast<std::size_t>(i)] = plan.on(f, i) ? 1 : 0;
        layout.draw(bits, plan.word(f), into);
    };
    const FieldReader::Keep keep = [&](std::size_t f, std::span<const std::complex<float>> field) {
        fields.write(f, field);
    };
    reader.read(plan.frames(), draw, keep);

    MatrixFit fit;
    take_again_until_read(
        session, reader, draw,
        [&] {
            fit = fit_matrix(plan, session.record.identity, fields);
            return unread_frames(plan, session.record.identity, fit, fields);
        },
        plan.frames(), keep);
    TransmissionMatrix result;
    result.inputs = plan.inputs();
    result.order = plan.order();
    result.repeats = plan.repeats();
    result.frames = static_cast<int>(plan.frames());
    result.entries = std::move(fit.entries);
    result.noise_power = fit.noise_power;
    // Each entry is the mean of order x repeats differences of two frames.
    result.input_variance.assign(static_cast<std::size_t>(plan.inputs()),
                                 2 / static_cast<float>(plan.order() * plan.repeats()));
    return result;
}

void judge(TransmissionMatrix& result, std::size_t modes) {
    const double entry = power(result.entries) / static_cast<double>(result.entries.size());
    result.entry_snr = entry / std::max(result.entry_variance(), 1e-30);
    result.verdict.checks = {
        {.name = "entries over their noise (power)", .value = result.entry_snr, .low = 100}};
    if (result.entry_snr < 100) {
        result.verdict.text = fmt::format(
            "entries of the matrix stand {:.0f} times above their noise (power), want 100; use "
            "fewer "
            "inputs (larger blocks of mirrors), more laser power or a longer exposure",
            result.entry_snr);
        return;
    }
    result.verdict.passed = true;
    result.verdict.text = fmt::format(
        "{} inputs x {} modes from {} frames of {} patterns, entries {:.0f} times above their "
        "noise (power), singular values {:.2f} to {:.2f}",
        result.inputs, modes, result.frames,
        result.method == MatrixMethod::hadamard ? "Hadamard" : "random", result.entry_snr,
        result.singular_values.front(), result.singular_values.back());
    if (2 * static_cast<std::size_t>(result.inputs) > modes)
        result.verdict.text += fmt::format(
            "; more inputs than half of the modes leave no phase reference free of the data: a "
            "larger --region is better");
}

}  // namespace

std::string_view name_of(MatrixMethod method) {
    return method == MatrixMethod::hadamard ? "hadamard" : "random";
}

std::optional<MatrixMethod> method_named(std::string_view name) {
    for (const MatrixMethod m : {MatrixMethod::hadamard, MatrixMethod::random})
        if (name == name_of(m)) return m;
    return std::nullopt;
}

double TransmissionMatrix::entry_variance() const {
    double sum = 0;
    for (const float v : input_variance) sum += static_cast<double>(v);
    return noise_power * sum / static_cast<double>(std::max<std::size_t>(input_variance.size(), 1));
}

std::vector<std::uint8_t> matrix_patterns(const Session& session) {
    if (session.options.method == MatrixMethod::random) return random_patterns(session).on;
    const HadamardPlan plan = hadamard_plan(session);
    std::vector<std::uint8_t> on;
    on.reserve(plan.frames() * static_cast<std::size_t>(plan.inputs()));
    for (std::size_t f = 0; f < plan.frames(); ++f)
        for (int i = 0; i < plan.inputs(); ++i) on.push_back(plan.on(f, i) ? 1 : 0);
    return on;
}

TransmissionMatrix measure_matrix(Session& session) {
    TransmissionMatrix result = session.options.method == MatrixMethod::random
                                    ? measure_random(session)
                                    : measure_hadamard(session);
    const std::size_t modes = session.record.holography.modes();
    result.singular_values = singular_values(result, modes);
    judge(result, modes);
    return result;
}

}  // namespace opal::calibration
