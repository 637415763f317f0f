// Validation: see validation.h. Patterns the matrix was not made from; each frame's gain comes from
// the guard strip alone, so that nothing of the prediction enters the measurement.
#include "calibration/nodes/validation.h"

#include "calibration/error_budget.h"
#include "calibration/error_witness.h"
#include "calibration/graph.h"
#include "calibration/phase_reference.h"
#include "calibration/pixel_witness.h"
#include "calibration/session.h"
#include "calibration/twin_image.h"
#include "calibration/word_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace opal::calibration {

namespace {

constexpr std::size_t patterns = 256;
constexpr std::size_t late_patterns = 48;     // of them, shown again after a pause
constexpr std::size_t judged = 2 * patterns;  // frames
constexpr std::size_t frames = judged + late_patterns;
constexpr hal::Duration pause = std::chrono::seconds(2);
constexpr std::size_t examples = 16;  // frames whose light is computed back for the budget
constexpr double wanted = 0.99;
constexpr double old_matrix_s = 60;
constexpr std::uint64_t purpose = 0x76616c6964;

using Field = std::vector<std::complex<float>>;

using Bits = std::vector<std::uint8_t>;

// What the frames of the matrix showed.
std::set<Bits> shown_before(const Session& session) {
    const Bits on = matrix_patterns(session);
    const auto inputs = static_cast<std::ptrdiff_t>(session.record.inputs);
    std::set<Bits> shown;
    Bits bits(static_cast<std::size_t>(inputs));
    for (auto at = on.begin(); at != on.end(); at += inputs) {
        std::copy_n(at, inputs, bits.begin());
        shown.insert(bits);
    }
    return shown;
}

struct Questions {
    std::vector<Bits> bits;  // (patterns) inputs
    int fresh = 0;           // of them not shown before
};

// Random inputs, half of them on; never none, and none that was shown before as long as such can be
// found: with three or four inputs the matrix's patterns are all there are.
Questions draw_questions(const Session& session) {
    constexpr int patience = 256;
    const std::set<Bits> shown = shown_before(session);
    std::mt19937_64 random = session.random(purpose);
    Questions questions;
    for (std::size_t p = 0; p < patterns; ++p) {
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

// Each pattern twice, one right after the other, and the first ones once more.
std::size_t pattern_of(std::size_t frame) {
    return frame < judged ? frame / 2 : frame - judged;
}

std::uint32_t word_of(std::size_t pattern) {
    return static_cast<std::uint32_t>(pattern * 11 % code_words);
}

// Of frames from number `first` on, those that do not show their code word; counted from there.
// Here the gain is that of the whole prediction: only for telling frames apart, not for the
// comparison.
std::vector<std::size_t> unread_frames(const PhaseReference& strip,
                                       const TransmissionMatrix& matrix, const Questions& questions,
                                       const Field& fields, std::size_t modes, std::size_t first) {
    std::vector<std::size_t> unread;
    Field data(modes);
    Field whole(modes);
    for (std::size_t i = 0; i < fields.size() / modes; ++i) {
        const auto field = std::span<const std::complex<float>>(fields).subspan(i * modes, modes);
        const std::size_t pattern = pattern_of(first + i);
        const auto p = strip.field(word_of(pattern));
        predict(matrix, questions.bits[pattern], data);
        for (std::size_t m = 0; m < modes; ++m) whole[m] = data[m] + p[m];
        const auto back = std::complex<float>(power(whole) / inner(whole, field));
        for (std::size_t m = 0; m < modes; ++m) whole[m] = field[m] * back - data[m];
        if (!shows_word(strip, whole, word_of(pattern))) unread.push_back(i);
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

// (patterns, inputs and strip blocks): 1 where one is on.
std::vector<float> design_of(const Questions& questions, std::size_t inputs) {
    std::vector<float> design;
    design.reserve(patterns * (inputs + code_blocks));
    for (std::size_t p = 0; p < patterns; ++p) {
        for (std::size_t i = 0; i < inputs; ++i)
            design.push_back(questions.bits[p][i] != 0 ? 1.0F : 0.0F);
        for (int b = 0; b < code_blocks; ++b)
            design.push_back(Layout::code_bit(word_of(p), b) ? 1.0F : 0.0F);
    }
    return design;
}

// Bits per output if these sources were all there is.
double bits_left_by(const std::vector<ErrorSource>& budget,
                    std::initializer_list<std::string_view> names) {
    double share = 0;
    for (const auto& s : budget)
        for (const std::string_view name : names) share += s.name == name ? s.share : 0;
    return 0.5 * std::log2(1 / std::max(share, 1e-12));
}

// How long before `tested`, a time on the bench's clock, the matrix was measured: the middle of its
// frames. Within this run by the bench's own clock, which may have begun anew since another one.
double matrix_age_s(const Session& session, double tested_s) {
    const Verdict& made = session.record.matrix->verdict;
    const bool dated = session.options.utc_s && made.measured_utc_s > 0;
    const double age = session.measured_now[Node::matrix] || !dated
                           ? tested_s - made.bench_time_s
                           : session.options.utc_s() - made.measured_utc_s;
    return std::max(age, 0.0) + 0.5 * made.took_s;
}

void judge(Validation& result, double age_s) {
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
        if (age_s > old_matrix_s)
            result.verdict.text += fmt::format(
                "; the matrix is {} old, and the medium may have changed: opal calibrate --redo "
                "identity measures it again",
                text_of_age(age_s));
    } else {
        result.verdict.passed = true;
        result.verdict.text = fmt::format(
            "predicted and measured fields correlate by {:.5f} (worst frame {:.5f}) over {} "
            "patterns, {} of them new; {:.1f} effective bits; largest source of error: {}",
            result.correlation.value, result.worst_correlation, result.patterns,
            result.new_patterns, result.effective_bits, worst_source(result.budget));
    }
}

}  // namespace

Validation measure_validation(Session& session) {
    session.expect(frames + still_frames);
    const Record& record = session.record;
    const TransmissionMatrix& matrix = *record.matrix;
    const Questions questions = draw_questions(session);
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    const auto inputs = static_cast<std::size_t>(record.inputs);
    const PhaseReference strip(record.identity, &matrix, modes);
    WitnessInputs witness;
    PixelWitness pixels(record, judged);
    Field& fields = witness.fields;
    const auto read = [&](std::size_t first, std::size_t count) {
        Field part;
        const auto draw = [&](std::size_t f, hal::BitPattern& into) {
            const std::size_t p = pattern_of(first + f);
            layout.draw(questions.bits[p], word_of(p), into);
        };
        reader.on_frame = [&](std::size_t i, const hal::Frame& f) { pixels.take(first + i, f); };
        reader.read(count, draw, part);
        reader.on_frame = nullptr;  // frames taken again come alone
        take_again_until_read(
            session, reader, draw,
            [&] { return unread_frames(strip, matrix, questions, part, modes, first); }, part);
        fields.insert(fields.end(), part.begin(), part.end());
    };
    const hal::Time start = session.bench.clock().now();
    read(0, judged);
    const double took_s = seconds(session.bench.clock().now() - start);
    take_stills(session, witness);
    session.bench.clock().wait_until(start + pause);
    read(judged, late_patterns);
    witness.pause_s = seconds(session.bench.clock().now() - start) - 0.5 * took_s;

    Validation result;
    result.patterns = static_cast<int>(patterns);
    result.new_patterns = questions.fresh;
    result.worst_correlation = 1;
    Sums all;
    std::vector<Sums> tenths(10);
    BudgetInputs budget;
    budget.mean_gain2 = 0;
    std::complex<double> mean_turn = 0;
    Field predicted(modes);
    Field measured(modes);
    witness.residuals.resize(fields.size());
    for (std::size_t f = 0; f < frames; ++f) {
        const auto field = std::span<const std::complex<float>>(fields).subspan(f * modes, modes);
        const std::size_t pattern = pattern_of(f);
        const Bits& bits = questions.bits[pattern];
        const std::complex<double> gain = strip.gain(field, word_of(pattern));
        witness.gains.push_back(gain);
        const auto back = std::complex<float>(1.0 / gain);
        const auto p = strip.field(word_of(pattern));
        predict(matrix, bits, predicted);
        for (std::size_t m = 0; m < modes; ++m) {
            measured[m] = field[m] * back - p[m];
            witness.residuals[f * modes + m] =
                (measured[m] - predicted[m]) * std::complex<float>(gain);
        }
        if (f >= judged) continue;
        all.add(predicted, measured);
        tenths[pattern % tenths.size()].add(predicted, measured);
        Sums one;
        one.add(predicted, measured);
        result.worst_correlation = std::min(result.worst_correlation, one.correlation());
        const auto n = static_cast<double>(judged * modes);
        budget.lit_inputs += static_cast<double>(std::count(bits.begin(), bits.end(), 1)) / judged;
        budget.data_power += power(predicted) / n;
        budget.frame_power += power(field) / n;
        budget.mean_gain2 += std::norm(gain) / judged;
        budget.gain_step2 += std::norm(1.0 - gain) / judged;
        budget.gain_variance += strip.gain_variance(word_of(pattern), matrix.noise_power) / judged;
        if (f == 0) {
            result.example_predicted = predicted;
            result.example_measured = measured;
        }
        const std::complex<double> turn = twin_turn(gain);
        mean_turn += turn / static_cast<double>(judged);
        budget.twin_step2 += std::norm(1.0 - turn) / judged;
        if (f % (judged / examples) == 0) {
            budget.examples.emplace_back(field.begin(), field.end());
            budget.strips.emplace_back(p.begin(), p.end());
            budget.data.push_back(predicted);
        }
    }
    budget.twin_spread2 = 1 - std::norm(mean_turn);
    budget.age_s = matrix_age_s(session, seconds(start.time_since_epoch()) + 0.5 * took_s);
    std::vector<double> parts;
    for (const Sums& s : tenths) parts.push_back(s.correlation());
    result.correlation = {all.correlation(), mean_of(parts).sigma};
    result.measured_error = 1 - result.correlation.value * result.correlation.value;
    result.effective_bits = 0.5 * std::log2(1 / std::max(result.measured_error, 1e-12));
    result.phase_step_rad = std::sqrt(budget.gain_step2);
    result.budget = predict_errors(record, reader.demodulator(), budget);
    for (const ErrorSource& s : result.budget) result.predicted_error += s.share;
    result.shot_limited_bits = bits_left_by(result.budget, {"shot noise"});
    result.noise_limited_bits =
        bits_left_by(result.budget, {"shot noise", "read noise", "quantisation"});

    pixels.tell(witness);
    witness.modes = modes;
    witness.patterns = patterns;
    witness.late_patterns = late_patterns;
    witness.design = design_of(questions, inputs);
    witness.parts = inputs + code_blocks;
    witness.inputs = inputs;
    witness.lit_part = budget.lit_inputs / static_cast<double>(inputs);
    witness.age_s = budget.age_s;
    witness.scale = 1 / std::max(budget.data_power * budget.mean_gain2, 1e-30);
    witness.phase_step2 = budget.gain_step2;
    witness_errors(record, reader.demodulator(), witness, result);
    judge(result, budget.age_s);
    return result;
}

}  // namespace opal::calibration
