// Validation: see validation.h. Patterns the matrix was not made from; each frame's gain comes from
// the guard strip alone, so that nothing of the prediction enters the measurement.
#include "calibration/nodes/validation.h"

#include "calibration/error_budget.h"
#include "calibration/matrix_fit.h"
#include "calibration/phase_reference.h"
#include "calibration/session.h"
#include "calibration/word_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace opal::calibration {

namespace {

constexpr std::size_t frames = 256;
constexpr std::size_t examples = 16;  // frames whose light is computed back for the budget
constexpr double wanted = 0.99;
constexpr std::uint64_t purpose = 0x76616c6964;

using Field = std::vector<std::complex<float>>;

using Bits = std::vector<std::uint8_t>;

// What the frames of the matrix showed.
std::set<Bits> shown_before(const Session& session) {
    const HadamardPlan plan = matrix_plan(session);
    std::set<Bits> shown;
    Bits bits(static_cast<std::size_t>(plan.inputs()));
    for (std::size_t f = 0; f < plan.frames(); ++f) {
        for (int i = 0; i < plan.inputs(); ++i)
            bits[static_cast<std::size_t>(i)] = plan.on(f, i) ? 1 : 0;
        shown.insert(bits);
    }
    return shown;
}

struct Questions {
    std::vector<Bits> bits;  // (frames) inputs
    int fresh = 0;           // of them not shown before
};

// Random inputs, half of them on; never none, and none that was shown before as long as such can be
// found: with three or four inputs the matrix's patterns are all there are.
Questions draw_questions(const Session& session) {
    constexpr int patience = 256;
    const std::set<Bits> shown = shown_before(session);
    std::mt19937_64 random = session.random(purpose);
    Questions questions;
    for (std::size_t f = 0; f < frames; ++f) {
        Bits bits(static_cast<std::size_t>(session.record.inputs));
        bool fresh = false;
        for (int attempt = 0; attempt < patience && !fresh; ++attempt) {
            for (auto& b : bits) b = static_cast<std::uint8_t>(random() >> 63);
            if (std::count(bits.begin(), bits.end(), 1) == 0) bits[random() % bits.size()] = 1;
            fresh = !shown.contains(bits);
        }
        questions.fresh += fresh ? 1 : 0;
        questions.bits.push_back(std::move(bits));
    }
    return questions;
}

// T d of a question.
void predict(const TransmissionMatrix& matrix, const Bits& bits, Field& into) {
    std::fill(into.begin(), into.end(), std::complex<float>(0));
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] == 0) continue;
        const auto* const t = matrix.entries.data() + i * into.size();
        for (std::size_t m = 0; m < into.size(); ++m) into[m] += t[m];
    }
}

std::uint32_t word_of(std::size_t frame) {
    return static_cast<std::uint32_t>(frame * 11 % code_words);
}

// Frames that do not show their code word. Here the gain is that of the whole prediction: only for
// telling frames apart, not for the comparison.
std::vector<std::size_t> unread_frames(const PhaseReference& strip,
                                       const TransmissionMatrix& matrix, const Questions& questions,
                                       const Field& fields, std::size_t modes) {
    std::vector<std::size_t> unread;
    Field data(modes);
    Field whole(modes);
    for (std::size_t f = 0; f < frames; ++f) {
        const auto field = std::span<const std::complex<float>>(fields).subspan(f * modes, modes);
        const auto p = strip.field(word_of(f));
        predict(matrix, questions.bits[f], data);
        for (std::size_t m = 0; m < modes; ++m) whole[m] = data[m] + p[m];
        const auto back = std::complex<float>(power(whole) / inner(whole, field));
        for (std::size_t m = 0; m < modes; ++m) whole[m] = field[m] * back - data[m];
        if (!shows_word(strip, whole, word_of(f))) unread.push_back(f);
    }
    return unread;
}

struct Sums {
    std::complex<double> cross = 0;
    double predicted = 0;
    double measured = 0;

    void add(const Field& p, const Field& m) {
        cross += inner(p, m);
        predicted += power(p);
        measured += power(m);
    }
    double correlation() const {
        return std::abs(cross) / std::sqrt(std::max(predicted * measured, 1e-30));
    }
};

std::string worst_source(const std::vector<ErrorSource>& budget) {
    const auto worst = std::max_element(budget.begin(), budget.end(),
                                        [](auto& a, auto& b) { return a.share < b.share; });
    return worst->name;
}

}  // namespace

Validation measure_validation(Session& session) {
    session.expect(frames);
    const Record& record = session.record;
    const TransmissionMatrix& matrix = *record.matrix;
    const Questions questions = draw_questions(session);
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    const hal::Time start = session.bench.clock().now();
    Field fields;
    const auto draw = [&](std::size_t f, hal::BitPattern& into) {
        layout.draw(questions.bits[f], word_of(f), into);
    };
    reader.read(frames, draw, fields);

    const PhaseReference strip(record.identity, &matrix, modes);
    take_again_until_read(
        session, reader, draw,
        [&] { return unread_frames(strip, matrix, questions, fields, modes); }, fields);
    Validation result;
    result.patterns = static_cast<int>(frames);
    result.new_patterns = questions.fresh;
    result.worst_correlation = 1;
    Sums all;
    std::vector<Sums> tenths(10);
    BudgetInputs budget;
    budget.mean_gain2 = 0;
    Field predicted(modes);
    Field measured(modes);
    for (std::size_t f = 0; f < frames; ++f) {
        const auto field = std::span<const std::complex<float>>(fields).subspan(f * modes, modes);
        const std::complex<double> gain = strip.gain(field, word_of(f));
        const auto back = std::complex<float>(1.0 / gain);
        const auto p = strip.field(word_of(f));
        predict(matrix, questions.bits[f], predicted);
        budget.lit_inputs +=
            static_cast<double>(std::count(questions.bits[f].begin(), questions.bits[f].end(), 1)) /
            frames;
        for (std::size_t m = 0; m < modes; ++m) measured[m] = field[m] * back - p[m];
        all.add(predicted, measured);
        tenths[f % tenths.size()].add(predicted, measured);
        Sums one;
        one.add(predicted, measured);
        result.worst_correlation = std::min(result.worst_correlation, one.correlation());
        const auto n = static_cast<double>(frames * modes);
        budget.data_power += power(predicted) / n;
        budget.frame_power += power(field) / n;
        budget.mean_gain2 += std::norm(gain) / frames;
        budget.gain_variance += strip.gain_variance(word_of(f), matrix.noise_power) / frames;
        if (f == 0) {
            result.example_predicted = predicted;
            result.example_measured = measured;
        }
        if (f % (frames / examples) == 0) budget.examples.emplace_back(field.begin(), field.end());
    }
    // On average the matrix is older than these frames by half of its own frames and half of these.
    const double per_frame = seconds(session.bench.clock().now() - start) / frames;
    budget.age_s = per_frame * (matrix.order * matrix.repeats + 0.5 * frames);
    std::vector<double> parts;
    for (const Sums& s : tenths) parts.push_back(s.correlation());
    result.correlation = {all.correlation(), mean_of(parts).sigma};
    result.measured_error = 1 - result.correlation.value * result.correlation.value;
    result.effective_bits = 0.5 * std::log2(1 / std::max(result.measured_error, 1e-12));
    result.budget = predict_errors(record, reader.demodulator(), budget);
    for (const ErrorSource& s : result.budget) result.predicted_error += s.share;

    result.verdict.checks = {{.name = "correlation",
                              .value = result.correlation.value,
                              .sigma = result.correlation.sigma,
                              .low = wanted}};
    if (result.correlation.value < wanted) {
        result.verdict.text = fmt::format(
            "predicted and measured fields correlate by {:.4f} over {} patterns ({} of them new), "
            "want {:.2f}; the largest expected error is {}, and {:.0f} % of the error is expected",
            result.correlation.value, result.patterns, result.new_patterns, wanted,
            worst_source(result.budget),
            100 * result.predicted_error / std::max(result.measured_error, 1e-12));
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format(
            "predicted and measured fields correlate by {:.5f} (worst frame {:.5f}) over {} "
            "patterns, {} of them new; {:.1f} effective bits; largest source of error: {}",
            result.correlation.value, result.worst_correlation, result.patterns,
            result.new_patterns, result.effective_bits, worst_source(result.budget));
    }
    return result;
}

}  // namespace opal::calibration
