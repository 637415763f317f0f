// Identity: see identity.h.
//
// Frames of different patterns have unknown phases to each other until the strip's own fields are
// known. So the patterns share an anchor, half of the inputs on, and fit_drifting() finds the
// fields of anchor, blocks and static light together with every frame's phase. Hadamard patterns
// over the strip and their complements make the blocks orthogonal; frames without the anchor tell
// it from the static light.
#include "calibration/nodes/identity.h"

#include "calibration/drifting_fit.h"
#include "calibration/hadamard.h"
#include "calibration/session.h"

#include <fmt/format.h>
#include <Eigen/Cholesky>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace opal::calibration {

namespace {

constexpr std::size_t repeats = 6;
constexpr std::size_t per_repeat = 4 * code_blocks;  // +-, with and without anchor
constexpr std::size_t parts = code_blocks + 2;       // blocks, anchor, static light
constexpr std::uint64_t purpose = 0x6964656e74;

struct Plan {
    std::vector<std::uint32_t> lit;  // strip blocks of each frame
    std::vector<bool> anchor;
    std::vector<float> design;  // (frames, parts)
};

Plan plan_patterns(Session& session) {
    Plan plan;
    std::mt19937_64 bits = session.random(purpose);
    for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
        // Fresh signs each time: fringes of |S|^2 that leak into the side band average out.
        const auto signs = static_cast<std::uint32_t>(bits() >> 32);
        for (std::size_t i = 0; i < per_repeat; ++i) {
            const int row = static_cast<int>(i / 4);
            std::uint32_t lit = 0;
            for (int j = 0; j < code_blocks; ++j)
                if (hadamard_entry(row, j) > 0) lit |= 1U << j;
            lit ^= signs;
            if (i % 2 == 1) lit = ~lit;
            // Three quarters with the anchor, which carries the phase.
            const bool anchor = i % 4 < 2 || row % 2 == 0;
            plan.lit.push_back(lit);
            plan.anchor.push_back(anchor);
            for (int j = 0; j < code_blocks; ++j)
                plan.design.push_back(static_cast<float>(lit >> j & 1U));
            plan.design.push_back(anchor ? 1.0F : 0.0F);
            plan.design.push_back(1.0F);
        }
    }
    return plan;
}

std::vector<std::uint8_t> half_of_inputs(Session& session) {
    std::mt19937_64 bits = session.random(purpose + 1);
    std::vector<std::uint8_t> on(static_cast<std::size_t>(session.record.inputs), 0);
    for (auto& b : on) b = static_cast<std::uint8_t>(bits() >> 63);
    on[0] = 1;  // never empty
    return on;
}

// Variance of the fitted field of a code word without anchor, in units of one frame's noise: its
// leverage a' (A' A)^-1 a, mean over the words.
double word_leverage(const Plan& plan) {
    const auto frames = static_cast<Eigen::Index>(plan.lit.size());
    using Design = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::MatrixXd a =
        Eigen::Map<const Design>(plan.design.data(), frames, parts).cast<double>();
    const Eigen::LLT<Eigen::MatrixXd> normal(a.transpose() * a);
    double sum = 0;
    for (std::uint32_t w = 0; w < code_words; ++w) {
        Eigen::VectorXd word = Eigen::VectorXd::Zero(parts);
        for (int j = 0; j < code_blocks; ++j) word(j) = Layout::code_bit(w, j) ? 1 : 0;
        word(parts - 1) = 1;
        sum += word.dot(normal.solve(word));
    }
    return sum / code_words;
}

// Correlation of each word's field with what a frame without data would be: how far apart the words
// are through this medium.
double weakest_margin(const Identity& identity, std::size_t modes) {
    std::vector<std::vector<std::complex<float>>> words(code_words, identity.background);
    for (std::uint32_t w = 0; w < code_words; ++w)
        for (int j = 0; j < code_blocks; ++j)
            if (Layout::code_bit(w, j))
                for (std::size_t m = 0; m < modes; ++m)
                    words[w][m] += identity.columns[static_cast<std::size_t>(j) * modes + m];
    double worst = 1e9;
    for (std::uint32_t a = 0; a < code_words; ++a)
        for (std::uint32_t b = 0; b < code_words; ++b) {
            if (a == b) continue;
            const double own = power(words[a]);
            const double other = std::abs(inner(words[b], words[a])) /
                                 std::sqrt(std::max(power(words[b]), 1e-30) * std::max(own, 1e-30));
            worst = std::min(worst, 1 / std::max(other, 1e-9));
        }
    return worst;
}

// Modes that pairing needs. Projection (projection/pilot.h) reads a frame's word by the correlation
// of the strip's field with the whole frame's, c = sqrt(strip / (strip + data)), which is least
// with all inputs on, and asks for three times the 1 / sqrt(modes) of fields that have nothing to
// do with each other. A tenth more is for noise: sqrt(modes) >= 3.3 / c.
std::size_t modes_for_pairing(double strip_power, double data_power) {
    constexpr double above_chance = 3.3;
    return static_cast<std::size_t>(std::ceil(
        above_chance * above_chance * (strip_power + data_power) / std::max(strip_power, 1e-30)));
}

// A square region of at least so many modes, in pixels.
int side_for(std::size_t modes, const Holography& h) {
    const int grain = std::lcm(h.pitch_rows_px, h.pitch_columns_px);
    const double side =
        std::sqrt(static_cast<double>(modes) * h.pitch_rows_px * h.pitch_columns_px);
    const int step = std::lcm(grain, 16);  // cameras like round numbers
    return step * static_cast<int>(std::ceil(side / step));
}

}  // namespace

Identity measure_identity(Session& session) {
    const Plan plan = plan_patterns(session);
    const std::size_t frames = plan.lit.size();
    session.expect(frames);
    const Layout layout = session.layout();
    const auto anchor = half_of_inputs(session);
    const std::vector<std::uint8_t> nothing(anchor.size(), 0);
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    std::vector<std::complex<float>> fields;
    reader.read(
        frames,
        [&](std::size_t i, hal::BitPattern& into) {
            layout.draw_with_blocks(plan.anchor[i] ? anchor : nothing, plan.lit[i], into);
        },
        fields);
    const DriftingFit fit = fit_drifting(fields, plan.design, frames, parts, modes);

    Identity identity;
    const auto all = std::span<const std::complex<float>>(fit.parts);
    const auto columns = all.first(code_blocks * modes);
    const auto background = all.last(modes);
    identity.columns.assign(columns.begin(), columns.end());
    identity.background.assign(background.begin(), background.end());
    // Half of the blocks are on in every word.
    const double strip = 0.5 * power(columns) / static_cast<double>(modes);
    identity.signal_to_noise = strip / std::max(fit.noise_power, 1e-30);
    identity.phase_error_rad =
        std::sqrt(0.5 / (identity.signal_to_noise * static_cast<double>(modes)));
    identity.word_margin = weakest_margin(identity, modes);
    identity.strip_variance = fit.noise_power * word_leverage(plan);

    // All inputs send what the anchor's send, as often as there are more of them.
    const double more = static_cast<double>(anchor.size()) /
                        static_cast<double>(std::count(anchor.begin(), anchor.end(), 1));
    const std::size_t needed = modes_for_pairing(
        strip, more * power(all.subspan(code_blocks * modes, modes)) / static_cast<double>(modes));

    identity.verdict.checks = {
        {.name = "modes", .value = static_cast<double>(modes), .low = static_cast<double>(needed)},
        {.name = "phase of one frame",
         .unit = "rad",
         .value = identity.phase_error_rad,
         .high = 0.1},
        {.name = "code words apart", .unit = ": 1", .value = identity.word_margin, .low = 1.15}};
    if (modes < needed) {
        const int side = side_for(needed, session.record.holography);
        identity.verdict.text = fmt::format(
            "the region of {} x {} px has {} modes; telling frames apart by the guard strip's "
            "light takes {}: use --region {}x{} or larger",
            session.record.holography.region.rows, session.record.holography.region.columns, modes,
            needed, side, side);
    } else if (identity.phase_error_rad > 0.1) {
        identity.verdict.text = fmt::format(
            "the guard strip gives a frame's phase only to {:.2f} rad, want 0.1; more light on the "
            "DMD's last rows, a longer exposure or more modes are needed",
            identity.phase_error_rad);
    } else if (identity.word_margin < 1.15) {
        identity.verdict.text = fmt::format(
            "the fields of two code words are as similar as 1 : {:.2f}, want 1.15; widen or centre "
            "the beam so that it lights the whole guard strip",
            identity.word_margin);
    } else {
        identity.verdict.passed = true;
        identity.verdict.text = fmt::format(
            "guard strip {:.0f} times above noise, one frame's phase to {:.4f} rad, code words "
            "apart "
            "by {:.2f}:1",
            identity.signal_to_noise, identity.phase_error_rad, identity.word_margin);
    }
    return identity;
}

}  // namespace opal::calibration
