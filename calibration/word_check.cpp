// WordCheck: see word_check.h.
#include "calibration/word_check.h"

#include "calibration/session.h"
#include "hal/error.h"

#include <fmt/format.h>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr int max_attempts = 4;
// As in projection/pilot.h: how much higher than its rivals the right word must stand, and how many
// times above the correlation of unrelated fields, 1 / sqrt(modes).
constexpr double margin = 1.15;
constexpr double above_chance = 3;

}  // namespace

bool stands_out(std::span<const double> correlation, std::uint32_t word, std::size_t modes) {
    const double own = correlation[word];
    if (own * std::sqrt(static_cast<double>(modes)) < above_chance) return false;
    for (std::uint32_t w = 0; w < correlation.size(); ++w)
        if (w != word && own < margin * correlation[w]) return false;
    return true;
}

WordSums::WordSums(const PhaseReference& strip, std::size_t frames, std::size_t modes)
    : strip_(strip), frames_(frames), modes_(modes), cross_(frames * code_words), whole_(frames) {}

void WordSums::add(std::span<const std::complex<float>> rest, std::size_t first,
                   std::size_t count) {
    using Rows =
        Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto f_count = static_cast<Eigen::Index>(frames_);
    const auto m_count = static_cast<Eigen::Index>(count);
    Rows words(static_cast<Eigen::Index>(code_words), m_count);
    for (std::uint32_t w = 0; w < code_words; ++w)
        std::copy_n(strip_.field(w).begin() + static_cast<std::ptrdiff_t>(first), count,
                    words.row(w).data());
    const Eigen::Map<const Rows> r(rest.data(), f_count, m_count);
    const Rows products = r * words.adjoint();
    for (Eigen::Index k = 0; k < products.size(); ++k)
        cross_[static_cast<std::size_t>(k)] += std::complex<double>(products.data()[k]);
    for (std::size_t f = 0; f < frames_; ++f)
        whole_[f] += static_cast<double>(r.row(static_cast<Eigen::Index>(f)).squaredNorm());
}

std::vector<std::size_t> WordSums::unread(std::span<const std::uint32_t> words) const {
    std::vector<std::size_t> unread;
    std::vector<double> correlation(code_words);
    for (std::size_t f = 0; f < frames_; ++f) {
        for (std::uint32_t w = 0; w < code_words; ++w)
            correlation[w] = std::abs(cross_[f * code_words + w]) /
                             std::sqrt(std::max(strip_.field_power(w) * whole_[f], 1e-30));
        if (!std::isfinite(whole_[f]) || !stands_out(correlation, words[f], modes_))
            unread.push_back(f);
    }
    return unread;
}

bool shows_word(const PhaseReference& strip, std::span<const std::complex<float>> rest,
                std::uint32_t word) {
    const double whole = power(rest);
    if (!(whole > 0) || !std::isfinite(whole)) return false;
    std::vector<double> correlation(code_words);
    for (std::uint32_t w = 0; w < code_words; ++w)
        correlation[w] = std::abs(inner(strip.field(w), rest)) /
                         std::sqrt(std::max(strip.field_power(w) * whole, 1e-30));
    return stands_out(correlation, word, rest.size());
}

void take_again_until_read(
    Session& session, FieldReader& reader,
    const std::function<void(std::size_t, hal::BitPattern&)>& draw,
    const std::function<std::vector<std::size_t>()>& unread, std::size_t frames,
    const std::function<void(std::size_t, std::span<const std::complex<float>>)>& keep) {
    for (int attempt = 1;; ++attempt) {
        const std::vector<std::size_t> wrong = unread();
        if (wrong.empty()) return;
        if (attempt == max_attempts || 2 * wrong.size() > frames)
            throw hal::DeviceError(
                hal::ErrorKind::mispaired, session.bench.name(), "calibrate",
                fmt::format("{} of {} frames do not show the code word of their pattern; frames "
                            "and patterns are shifted (look at the trigger cable), or the light "
                            "has changed since the guard strip was measured",
                            wrong.size(), frames));
        session.misread_frames += static_cast<std::uint32_t>(wrong.size());
        session.last_failure =
            fmt::format("the light of frame {} did not show its code word", wrong.front());
        reader.read(
            wrong.size(), [&](std::size_t i, hal::BitPattern& into) { draw(wrong[i], into); },
            [&](std::size_t i, std::span<const std::complex<float>> field) {
                keep(wrong[i], field);
            });
    }
}

void take_again_until_read(Session& session, FieldReader& reader,
                           const std::function<void(std::size_t, hal::BitPattern&)>& draw,
                           const std::function<std::vector<std::size_t>()>& unread,
                           std::vector<std::complex<float>>& fields) {
    const std::size_t modes = reader.modes();
    take_again_until_read(session, reader, draw, unread, fields.size() / modes,
                          [&](std::size_t f, std::span<const std::complex<float>> field) {
                              std::copy(field.begin(), field.end(),
                                        fields.begin() + static_cast<std::ptrdiff_t>(f * modes));
                          });
}

}  // namespace opal::calibration
