// MatrixRandom: see matrix_random.h.
#include "calibration/nodes/matrix_random.h"

#include "calibration/pattern_block.h"
#include "calibration/session.h"
#include "calibration/word_check.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

using Rows = Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t least_frames = 1536;
constexpr std::size_t frames_per_input = 4;
constexpr std::uint64_t purpose = 0x72616e646f6d;
// With so few inputs the frames would show every pattern there is, and none would be left to
// validate with: a quarter of them is kept back.
constexpr int few_inputs = 12;
constexpr int too_few_inputs = 3;
constexpr std::size_t tile_modes = 64;

std::vector<std::complex<float>> all_strips(const PhaseReference& strip) {
    std::vector<std::complex<float>> strips;
    for (std::uint32_t w = 0; w < code_words; ++w)
        strips.insert(strips.end(), strip.field(w).begin(), strip.field(w).end());
    return strips;
}

// Frames whose rest, the data's light taken out, does not show their code word: word_check.h, in
// tiles of modes, since that is how the store is read.
std::vector<std::size_t> unread_frames(const RandomPatterns& patterns, const RandomFit& fit,
                                       const PhaseReference& strip, FieldStore& fields) {
    const std::size_t frames = patterns.frames();
    const auto f_count = static_cast<Eigen::Index>(frames);
    const std::size_t modes = fields.modes();
    Eigen::VectorXcf back(f_count);
    for (std::size_t f = 0; f < frames; ++f)
        back(static_cast<Eigen::Index>(f)) = std::complex<float>(1.0 / fit.gains[f]);
    WordSums sums(strip, frames, modes);
    std::vector<std::complex<float>> stored;
    for (std::size_t first = 0; first < modes; first += tile_modes) {
        const std::size_t count = std::min(tile_modes, modes - first);
        fields.read(first, count, stored);
        const auto m_count = static_cast<Eigen::Index>(count);
        const auto stride = Eigen::OuterStride<>(static_cast<Eigen::Index>(modes));
        const Eigen::Map<const Rows> y(stored.data(), f_count, m_count);
        const Eigen::Map<const Rows, 0, Eigen::OuterStride<>> entries(
            fit.entries.data() + first, static_cast<Eigen::Index>(patterns.inputs), m_count,
            stride);
        Rows rest = back.asDiagonal() * y;
        for_each_block<float>(patterns, [&](Eigen::Index f, const auto& lit) {
            rest.middleRows(f, lit.rows()) -= lit.template cast<std::complex<float>>() * entries;
        });
        sums.add({rest.data(), frames * count}, first, count);
    }
    return sums.unread(patterns.words);
}

}  // namespace

RandomPatterns random_patterns(const Session& session) {
    RandomPatterns patterns;
    const int inputs = session.record.inputs;
    patterns.inputs = static_cast<std::size_t>(inputs);
    const std::size_t frames =
        std::max(least_frames, frames_per_input * (patterns.inputs + code_blocks + 1));
    std::mt19937_64 random = session.random(purpose);
    std::vector<std::uint32_t> pool;
    if (inputs <= few_inputs) {
        for (std::uint32_t p = 0; p < 1U << inputs; ++p) pool.push_back(p);
        // By hand: std::shuffle differs between libraries.
        for (std::size_t i = pool.size(); i > 1; --i) std::swap(pool[i - 1], pool[random() % i]);
        if (inputs > too_few_inputs) pool.resize(pool.size() - pool.size() / 4);
    }
    for (std::size_t f = 0; f < frames; ++f) {
        // Through all words, as in matrix_fit.h.
        patterns.words.push_back(static_cast<std::uint32_t>(f * 7 % code_words));
        const std::uint32_t chosen = pool.empty() ? 0 : pool[random() % pool.size()];
        for (int i = 0; i < inputs; ++i)
            patterns.on.push_back(
                static_cast<std::uint8_t>(pool.empty() ? random() >> 63 : chosen >> i & 1U));
    }
    return patterns;
}

TransmissionMatrix measure_random(Session& session) {
    const RandomPatterns patterns = random_patterns(session);
    session.expect(patterns.frames());
    const Layout layout = session.layout();
    FieldReader reader(session);
    const std::size_t modes = reader.modes();
    FieldStore fields(patterns.frames(), modes, session.options.memory_limit(),
                      session.options.scratch);
    const auto draw = [&](std::size_t f, hal::BitPattern& into) {
        const auto first = patterns.on.begin() + static_cast<std::ptrdiff_t>(f * patterns.inputs);
        layout.draw({first, patterns.inputs}, patterns.words[f], into);
    };
    const FieldReader::Keep keep = [&](std::size_t f, std::span<const std::complex<float>> field) {
        fields.write(f, field);
    };
    reader.read(patterns.frames(), draw, keep);

    const PhaseReference strip(session.record.identity, nullptr, modes);
    const std::vector<std::complex<float>> strips = all_strips(strip);
    RandomFit fit;
    take_again_until_read(
        session, reader, draw,
        [&] {
            fit = fit_random(patterns, strips, fields);
            return unread_frames(patterns, fit, strip, fields);
        },
        patterns.frames(), keep);
    TransmissionMatrix result;
    result.method = MatrixMethod::random;
    result.inputs = session.record.inputs;
    result.frames = static_cast<int>(patterns.frames());
    result.entries = std::move(fit.entries);
    for (const float v : fit.mode_noise)
        result.noise_power += static_cast<double>(v) / static_cast<double>(modes);
    result.input_variance = std::move(fit.input_variance);
    return result;
}

}  // namespace opal::calibration
