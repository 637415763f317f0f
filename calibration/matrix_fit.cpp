// MatrixFit: see matrix_fit.h.
#include "calibration/matrix_fit.h"

#include "calibration/field_stretch.h"
#include "calibration/hadamard.h"
#include "calibration/hadamard_tile.h"
#include "calibration/session.h"
#include "calibration/word_check.h"

#include <Eigen/Dense>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <exception>
#include <thread>
#include <type_traits>

namespace opal::calibration {

namespace {

using Field = std::complex<float>;
using Fields = std::vector<Field>;
using Gains = std::vector<std::complex<double>>;
using Rows = Eigen::Matrix<Field, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int free_rounds = 12;
constexpr int most_final_rounds = 4;
constexpr double settled = 2e-3;  // rms change of a gain in a round, relative
constexpr std::size_t modes_for_free_rounds = 256;

// Calls f(first mode, count) for stretches of modes that fit a tile.
template <class Visit>
void for_each_tile(std::size_t modes, const Visit& f) {
    for (std::size_t first = 0; first < modes; first += HadamardTile::most_modes)
        f(first, std::min(HadamardTile::most_modes, modes - first));
}

// f(0) ... f(count - 1) on all cores; rethrows what one of them threw.
template <class Work>
void for_each_in_parallel(std::size_t count, const Work& f) {
    std::atomic<std::size_t> next{0};
    std::vector<std::exception_ptr> failures(count);
    const auto work = [&] {
        for (std::size_t k = next++; k < count; k = next++) {
            try {
                f(k);
            } catch (...) {
                failures[k] = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> others;
        const std::size_t cores = std::thread::hardware_concurrency();
        for (std::size_t k = 1; k < std::min(count, cores); ++k) others.emplace_back(work);
        work();
    }
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

Fields inverse_of(const Gains& gains) {
    Fields inverse;
    inverse.reserve(gains.size());
    for (const auto& g : gains) inverse.emplace_back(1.0 / g);
    return inverse;
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

// Every `step`-th mode of strips and fields: (words, some) and (frames, some).
struct Sample {
    Fields strips;
    Fields fields;
    std::size_t modes = 0;
};

Sample sample(FieldStretches& stretches, std::size_t frames, std::size_t modes, std::size_t step) {
    Sample some;
    some.modes = (modes + step - 1) / step;
    some.strips.resize(code_words * some.modes);
    some.fields.resize(frames * some.modes);
    stretches.visit(0, modes, [&](const FieldStretch& s) {
        const auto pick = [&](std::span<const Field> from, Fields& to) {
            for (std::size_t row = 0; row < to.size() / some.modes; ++row)
                for (std::size_t m = (s.first + step - 1) / step * step; m < s.first + s.count;
                     m += step)
                    to[row * some.modes + m / step] = from[row * s.wide + s.from + m - s.first];
        };
        pick(s.strips, some.strips);
        pick(s.fields, some.fields);
    });
    return some;
}

Fields strips_of(const PhaseReference& strip) {
    Fields strips;
    for (std::uint32_t w = 0; w < code_words; ++w)
        strips.insert(strips.end(), strip.field(w).begin(), strip.field(w).end());
    return strips;
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
    Fields entries(static_cast<std::size_t>(plan.inputs()) * modes);
    HadamardTile tile(plan, modes);
    Rows rest(f_count, m_count);
    Rows data(f_count, m_count);
    for (int round = 0; round < free_rounds; ++round) {
        const Fields inverse_gains = inverse_of(gains);
        for_each_tile(modes, [&](std::size_t first, std::size_t count) {
            tile.move_to(first, count);
            tile.solve(strips, fields, inverse_gains, entries);
            tile.predict(entries, [&](std::size_t f, std::span<const Field> light) {
                std::copy(light.begin(), light.end(), data.data() + f * modes + first);
            });
        });
        for (Eigen::Index f = 0; f < f_count; ++f)
            rest.row(f) = y.row(f) * inverse_gains[static_cast<std::size_t>(f)] - data.row(f);
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
    // y = g' P' with P' = s P: the true gain is g' s.
    const std::complex<double> s = inner(known, strips) / power(known);
    for (auto& g : gains) g *= s;
    return gains;
}

// Sum of conj(a) b over the modes of a tile, added up in eight columns that any compiler turns into
// vectors; their order is fixed.
class TileSum {
public:
    void add(const float* a, const float* b, std::size_t n) {
        for (std::size_t l = 0; l < n; ++l) {
            along_[l] += a[l] * b[l];
            across_[l] += a[l] * b[l ^ 1U];
        }
    }
    std::complex<double> total() const {
        double real = 0;
        double imaginary = 0;
        for (std::size_t l = 0; l < columns; ++l) {
            real += static_cast<double>(along_[l]);
            imaginary += static_cast<double>(l % 2 == 0 ? across_[l] : -across_[l]);
        }
        return {real, imaginary};
    }
    static constexpr std::size_t columns = 8;

private:
    float along_[columns] = {};
    float across_[columns] = {};
};

// Sums over modes for the normal equations of y = g P + h D of one frame.
struct SideBySide {
    double pp = 0, dd = 0, yy = 0;
    std::complex<double> pd, py, dy;

    // A tile's modes: float is enough for so few.
    void add(std::span<const Field> p, std::span<const Field> d, std::span<const Field> y) {
        const auto* const ps = reinterpret_cast<const float*>(p.data());
        const auto* const ds = reinterpret_cast<const float*>(d.data());
        const auto* const ys = reinterpret_cast<const float*>(y.data());
        TileSum sum_pp, sum_dd, sum_yy, sum_pd, sum_py, sum_dy;
        const auto step = [&](std::size_t at, auto n) {
            sum_pp.add(ps + at, ps + at, n);
            sum_dd.add(ds + at, ds + at, n);
            sum_yy.add(ys + at, ys + at, n);
            sum_pd.add(ps + at, ds + at, n);
            sum_py.add(ps + at, ys + at, n);
            sum_dy.add(ds + at, ys + at, n);
        };
        const std::size_t values = 2 * p.size();
        std::size_t at = 0;
        for (; at + TileSum::columns <= values; at += TileSum::columns)
            step(at, std::integral_constant<std::size_t, TileSum::columns>{});
        step(at, values - at);
        pp += sum_pp.total().real();
        dd += sum_dd.total().real();
        yy += sum_yy.total().real();
        pd += sum_pd.total();
        py += sum_py.total();
        dy += sum_dy.total();
    }
    void add(const SideBySide& other) {
        pp += other.pp;
        dd += other.dd;
        yy += other.yy;
        pd += other.pd;
        py += other.py;
        dy += other.dy;
    }
    // D -> s D.
    void scale_data(std::complex<double> s) {
        dd *= std::norm(s);
        pd *= s;
        dy *= std::conj(s);
    }
    double determinant() const { return pp * dd - std::norm(pd); }
    std::complex<double> g() const { return (dd * py - pd * dy) / determinant(); }
    std::complex<double> h() const { return (pp * dy - std::conj(pd) * py) / determinant(); }
    double whole_power() const { return pp + dd + 2 * pd.real(); }
    std::complex<double> whole() const { return (py + dy) / whole_power(); }
};

// Solves for T with the gains as they are, takes the error of T's scale out and gives each frame
// one gain from its whole field. One walk over the fields. Returns the power the predictions leave
// over.
double refine(const HadamardPlan& plan, FieldStretches& stretches, std::size_t modes,
              Fields& entries, Gains& gains) {
    const Fields inverse_gains = inverse_of(gains);
    // The number of shares is fixed, so that sums come out the same with any number of threads.
    constexpr std::size_t shares = 8;
    std::vector<std::vector<SideBySide>> share_sums(shares);
    for_each_in_parallel(shares, [&](std::size_t share) {
        std::vector<SideBySide>& sums = share_sums[share];
        sums.resize(gains.size());
        const auto work = [&](const FieldStretch& s) {
            HadamardTile tile(plan, s.wide);
            for_each_tile(s.count, [&](std::size_t offset, std::size_t count) {
                const std::size_t first = s.from + offset;
                const auto part = [&](std::span<const Field> rows, std::size_t number) {
                    return rows.subspan(number * s.wide + first, count);
                };
                tile.move_to(first, count);
                tile.solve(s.strips, s.fields, inverse_gains, s.entries);
                tile.predict(s.entries, [&](std::size_t f, std::span<const Field> light) {
                    sums[f].add(part(s.strips, plan.word(f)), light, part(s.fields, f));
                });
            });
        };
        stretches.visit(share * modes / shares, (share + 1) * modes / shares, work);
    });
    std::vector<SideBySide> sums(gains.size());
    for (const auto& share : share_sums)
        for (std::size_t f = 0; f < sums.size(); ++f) sums[f].add(share[f]);
    std::complex<double> ratio = 0;
    double weight = 0;
    for (const SideBySide& sum : sums) {
        if (!(sum.determinant() > 0)) continue;
        // The data's power says how well h is known; with no input on only rounding is left of it.
        ratio += sum.dd * std::conj(sum.g()) * sum.h();
        weight += sum.dd * std::norm(sum.g());
    }
    const std::complex<double> scale = weight > 0 ? ratio / weight : 1.0;
    for (auto& t : entries) t *= Field(scale);
    double left = 0;
    for (std::size_t f = 0; f < gains.size(); ++f) {
        sums[f].scale_data(scale);
        gains[f] = sums[f].whole();
        left += sums[f].yy - std::norm(gains[f]) * sums[f].whole_power();
    }
    return std::max(left, 0.0);
}

double rms_change(const Gains& before, const Gains& after) {
    double change = 0;
    double all = 0;
    for (std::size_t f = 0; f < after.size(); ++f) {
        change += std::norm(after[f] - before[f]);
        all += std::norm(after[f]);
    }
    return std::sqrt(change / all);
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

MatrixFit fit_matrix(const HadamardPlan& plan, const Identity& identity, FieldStore& fields) {
    const std::size_t frames = plan.frames();
    const std::size_t modes = fields.modes();
    assert(fields.frames() == frames);
    const Fields strips = strips_of(PhaseReference(identity, nullptr, modes));

    MatrixFit fit;
    fit.entries.resize(static_cast<std::size_t>(plan.inputs()) * modes);
    FieldStretches stretches(fields, strips, fit.entries);
    {
        const std::size_t step = std::max<std::size_t>(1, modes / modes_for_free_rounds);
        const Sample some = sample(stretches, frames, modes, step);
        fit.gains = free_gains(plan, some.strips, some.fields, some.modes);
    }
    double left = 0;
    for (int round = 0; round < most_final_rounds; ++round) {
        const Gains before = fit.gains;
        left = refine(plan, stretches, modes, fit.entries, fit.gains);
        if (rms_change(before, fit.gains) < settled) break;
    }
    const double freedom = static_cast<double>(frames) - plan.inputs();
    fit.noise_power = left / (std::max(freedom, 1.0) * static_cast<double>(modes));
    return fit;
}

std::vector<std::size_t> unread_frames(const HadamardPlan& plan, const Identity& identity,
                                       MatrixFit& fit, FieldStore& fields) {
    const std::size_t frames = plan.frames();
    const PhaseReference strip(identity, nullptr, fields.modes());
    const Fields inverse_gains = inverse_of(fit.gains);
    WordSums sums(strip, frames, fields.modes());
    Fields rest(frames * HadamardTile::most_modes);
    FieldStretches stretches(fields, {}, fit.entries);
    stretches.visit(0, fields.modes(), [&](const FieldStretch& s) {
        HadamardTile tile(plan, s.wide);
        for_each_tile(s.count, [&](std::size_t offset, std::size_t count) {
            tile.move_to(s.from + offset, count);
            tile.predict(s.entries, [&](std::size_t f, std::span<const Field> light) {
                const Field* const y = s.fields.data() + f * s.wide + s.from + offset;
                for (std::size_t m = 0; m < count; ++m)
                    rest[f * count + m] = y[m] * inverse_gains[f] - light[m];
            });
            sums.add(std::span(rest).first(frames * count), s.first + offset, count);
        });
    });
    std::vector<std::uint32_t> words;
    for (std::size_t f = 0; f < frames; ++f) words.push_back(plan.word(f));
    return sums.unread(words);
}

}  // namespace opal::calibration
