// MatrixFit: see matrix_fit.h.
#include "calibration/matrix_fit.h"

#include "calibration/hadamard.h"
#include "calibration/session.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cassert>

namespace opal::calibration {

namespace {

using Field = std::complex<float>;
using Fields = std::vector<Field>;
using Gains = std::vector<std::complex<double>>;
using Rows = Eigen::Matrix<Field, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int free_rounds = 12;
constexpr int final_rounds = 2;
constexpr std::size_t modes_for_free_rounds = 256;

// T from fields, gains and strip fields P (code_words, modes): one inverse Hadamard transform per
// repeat of the differences between complements.
void solve(const HadamardPlan& plan, std::span<const Field> strips, std::span<const Field> fields,
           const Gains& gains, std::size_t modes, Fields& entries) {
    const auto inputs = static_cast<std::size_t>(plan.inputs());
    const auto order = static_cast<std::size_t>(plan.order());
    entries.assign(inputs * modes, 0);
    Fields work(order * modes);
    const float scale = 1.0F / static_cast<float>(plan.order() * plan.repeats());
    for (std::size_t repeat = 0; repeat < static_cast<std::size_t>(plan.repeats()); ++repeat) {
        for (std::size_t k = 0; k < order; ++k) {
            const std::size_t plus = (repeat * order + k) * 2;
            const auto a = Field(1.0 / gains[plus]);
            const auto b = Field(1.0 / gains[plus + 1]);
            const Field* const ya = fields.data() + plus * modes;
            const Field* const yb = ya + modes;
            const Field* const pa = strips.data() + plan.word(plus) * modes;
            const Field* const pb = strips.data() + plan.word(plus + 1) * modes;
            for (std::size_t m = 0; m < modes; ++m)
                work[k * modes + m] = (ya[m] * a - pa[m]) - (yb[m] * b - pb[m]);
        }
        hadamard_transform(work, plan.order(), modes);
        for (std::size_t i = 0; i < inputs; ++i) {
            const float sign = scale * static_cast<float>(plan.sign(repeat, static_cast<int>(i)));
            for (std::size_t m = 0; m < modes; ++m)
                entries[i * modes + m] += sign * work[i * modes + m];
        }
    }
}

// T d of a frame.
void predict_data(const HadamardPlan& plan, const Fields& entries, std::size_t frame,
                  std::size_t modes, std::span<Field> into) {
    std::fill(into.begin(), into.end(), Field(0));
    for (int i = 0; i < plan.inputs(); ++i) {
        if (!plan.on(frame, i)) continue;
        const Field* const t = entries.data() + static_cast<std::size_t>(i) * modes;
        for (std::size_t m = 0; m < modes; ++m) into[m] += t[m];
    }
}

// Which of [32 blocks, static light] each frame's word lights: (frames, code_blocks + 1).
Eigen::MatrixXf strip_design(const HadamardPlan& plan) {
    Eigen::MatrixXf design(static_cast<Eigen::Index>(plan.frames()), code_blocks + 1);
    for (std::size_t f = 0; f < plan.frames(); ++f) {
        for (int j = 0; j < code_blocks; ++j)
            design(static_cast<Eigen::Index>(f), j) = Layout::code_bit(plan.word(f), j) ? 1 : 0;
        design(static_cast<Eigen::Index>(f), code_blocks) = 1;
    }
    return design;
}

Fields strips_of(const Rows& parts) {
    const auto modes = static_cast<std::size_t>(parts.cols());
    Fields strips(code_words * modes);
    for (std::uint32_t w = 0; w < code_words; ++w) {
        Eigen::Map<Rows> strip(strips.data() + w * modes, 1, parts.cols());
        strip = parts.row(code_blocks);
        for (int j = 0; j < code_blocks; ++j)
            if (Layout::code_bit(w, j)) strip += parts.row(j);
    }
    return strips;
}

Fields every(std::span<const Field> fields, std::size_t frames, std::size_t modes,
             std::size_t step) {
    Fields some;
    some.reserve(frames * ((modes + step - 1) / step));
    for (std::size_t f = 0; f < frames; ++f)
        for (std::size_t m = 0; m < modes; m += step) some.push_back(fields[f * modes + m]);
    return some;
}

// Gains of all frames, strip left free and laid over the known one at the end.
Gains free_gains(const HadamardPlan& plan, const Fields& known, std::span<const Field> fields,
                 std::size_t modes) {
    const std::size_t frames = plan.frames();
    const auto f_count = static_cast<Eigen::Index>(frames);
    const auto m_count = static_cast<Eigen::Index>(modes);
    const Eigen::Map<const Rows> y(fields.data(), f_count, m_count);
    const Eigen::MatrixXf design = strip_design(plan);
    // All words light 16 blocks, so blocks and static light cannot be told apart here; only their
    // sums over words matter. A trace of ridge picks one of the equal solutions.
    const Eigen::MatrixXf normal = design.transpose() * design +
                                   1e-3F * static_cast<float>(frames) *
                                       Eigen::MatrixXf::Identity(code_blocks + 1, code_blocks + 1);
    const Eigen::MatrixXcf inverse =
        normal.llt().solve(design.transpose()).cast<std::complex<float>>();

    Fields strips = known;
    Gains gains(frames);
    for (std::size_t f = 0; f < frames; ++f) {
        const auto p = std::span<const Field>(strips).subspan(plan.word(f) * modes, modes);
        gains[f] = inner(p, fields.subspan(f * modes, modes)) / power(p);
    }
    Fields entries;
    Rows rest(f_count, m_count);
    Rows data(f_count, m_count);
    for (int round = 0; round < free_rounds; ++round) {
        solve(plan, strips, fields, gains, modes, entries);
        for (std::size_t f = 0; f < frames; ++f) {
            const auto i = static_cast<Eigen::Index>(f);
            predict_data(plan, entries, f, modes, {data.data() + f * modes, modes});
            rest.row(i) = y.row(i) * Field(1.0 / gains[f]) - data.row(i);
        }
        strips = strips_of(inverse * rest);
        std::complex<double> mean = 0;
        for (std::size_t f = 0; f < frames; ++f) {
            const auto p = std::span<const Field>(strips).subspan(plan.word(f) * modes, modes);
            Field* const d = data.data() + f * modes;
            for (std::size_t m = 0; m < modes; ++m) d[m] += p[m];
            const std::span<const Field> whole(d, modes);
            gains[f] = inner(whole, fields.subspan(f * modes, modes)) / power(whole);
            mean += gains[f] / static_cast<double>(frames);
        }
        for (auto& g : gains) g /= mean;
    }
    solve(plan, strips, fields, gains, modes, entries);
    // y = g' P' with P' = s P: the true gain is g' s.
    const std::complex<double> s = inner(known, strips) / power(known);
    for (auto& g : gains) g *= s;
    return gains;
}

// Normal equations of y = g P + h D.
struct SideBySide {
    double pp = 0, dd = 0;
    std::complex<double> pd, py, dy;

    SideBySide(std::span<const Field> p, std::span<const Field> d, std::span<const Field> y)
        : pp(power(p)), dd(power(d)), pd(inner(p, d)), py(inner(p, y)), dy(inner(d, y)) {}
    double determinant() const { return pp * dd - std::norm(pd); }
    std::complex<double> g() const { return (dd * py - pd * dy) / determinant(); }
    std::complex<double> h() const { return (pp * dy - std::conj(pd) * py) / determinant(); }
    double whole_power() const { return pp + dd + 2 * pd.real(); }
    std::complex<double> whole() const { return (py + dy) / whole_power(); }
};

// Takes the error of T's scale out of `entries` and gives each frame one gain from its whole field.
// Returns the power the predictions leave over.
double refine(const HadamardPlan& plan, const Fields& strips, std::span<const Field> fields,
              std::size_t modes, Fields& entries, Gains& gains) {
    Fields data(modes);
    const auto strip = [&](std::size_t f) {
        return std::span<const Field>(strips).subspan(plan.word(f) * modes, modes);
    };
    std::complex<double> ratio = 0;
    double weight = 0;
    for (std::size_t f = 0; f < gains.size(); ++f) {
        predict_data(plan, entries, f, modes, data);
        const SideBySide fit(strip(f), data, fields.subspan(f * modes, modes));
        if (!(fit.determinant() > 0)) continue;  // no input on: nothing to compare
        ratio += std::conj(fit.g()) * fit.h();
        weight += std::norm(fit.g());
    }
    const auto scale = Field(weight > 0 ? ratio / weight : 1.0);
    for (auto& t : entries) t *= scale;
    double left = 0;
    for (std::size_t f = 0; f < gains.size(); ++f) {
        predict_data(plan, entries, f, modes, data);
        const auto y = fields.subspan(f * modes, modes);
        const SideBySide fit(strip(f), data, y);
        gains[f] = fit.whole();
        left += power(y) - std::norm(gains[f]) * fit.whole_power();
    }
    return std::max(left, 0.0);
}

}  // namespace

HadamardPlan::HadamardPlan(int inputs, int repeats, std::vector<std::int8_t> signs)
    : inputs_(inputs), order_(hadamard_order(inputs)), repeats_(repeats), signs_(std::move(signs)) {
    assert(signs_.size() == static_cast<std::size_t>(inputs) * static_cast<std::size_t>(repeats));
}

bool HadamardPlan::on(std::size_t frame, int input) const {
    const std::size_t per_repeat = 2 * static_cast<std::size_t>(order_);
    const int row = static_cast<int>(frame % per_repeat / 2);
    const bool plus = hadamard_entry(row, input) * sign(frame / per_repeat, input) > 0;
    return plus == (frame % 2 == 0);
}

std::uint32_t HadamardPlan::word(std::size_t frame) const {
    // Through all words, without showing neighbours in the code one after the other.
    return static_cast<std::uint32_t>(frame * 7 % code_words);
}

MatrixFit fit_matrix(const HadamardPlan& plan, const Identity& identity,
                     std::span<const Field> fields, std::size_t modes) {
    const std::size_t frames = plan.frames();
    assert(fields.size() == frames * modes);
    const PhaseReference strip(identity, nullptr, modes);
    Fields strips;
    for (std::uint32_t w = 0; w < code_words; ++w)
        strips.insert(strips.end(), strip.field(w).begin(), strip.field(w).end());

    MatrixFit fit;
    const std::size_t step = std::max<std::size_t>(1, modes / modes_for_free_rounds);
    const std::size_t some = (modes + step - 1) / step;
    fit.gains = free_gains(plan, every(strips, code_words, modes, step),
                           every(fields, frames, modes, step), some);
    double left = 0;
    for (int round = 0; round < final_rounds; ++round) {
        solve(plan, strips, fields, fit.gains, modes, fit.entries);
        left = refine(plan, strips, fields, modes, fit.entries, fit.gains);
    }
    const double freedom = static_cast<double>(frames) - plan.inputs();
    fit.noise_power = left / (std::max(freedom, 1.0) * static_cast<double>(modes));
    return fit;
}

}  // namespace opal::calibration
