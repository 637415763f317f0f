// Pilot: which code word a frame carries, and the gain it was seen with. See pilot.h.
#include "projection/pilot.h"

#include "projection/field_products.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <stdexcept>

namespace opal::projection {

namespace {

using calibration::code_blocks;
using calibration::code_words;
using calibration::Layout;
using calibration::PhaseReference;

using Fields = Eigen::Map<const Eigen::MatrixXcf>;  // column-major: one field per column

const calibration::Record& checked(const calibration::Record& record, int inputs) {
    const std::size_t modes = record.holography.modes();
    const auto& identity = record.identity;
    if (modes < 1 || identity.columns.size() != code_blocks * modes ||
        identity.background.size() != modes) {
        throw std::invalid_argument(fmt::format(
            "pilot: the record has {} modes but {} values of guard strip and {} of background; "
            "calibrate again",
            modes, identity.columns.size(), identity.background.size()));
    }
    const auto& matrix = record.matrix;
    if (matrix && matrix->inputs == inputs &&
        matrix->entries.size() != static_cast<std::size_t>(inputs) * modes) {
        throw std::invalid_argument(fmt::format(
            "pilot: the record's transmission matrix has {} entries; {} inputs and {} modes need "
            "{}; calibrate again",
            matrix->entries.size(), inputs, modes, static_cast<std::size_t>(inputs) * modes));
    }
    const auto dark = [](std::complex<float> z) { return z == std::complex<float>(0); };
    if (std::all_of(identity.columns.begin(), identity.columns.end(), dark)) {
        throw std::invalid_argument(
            "pilot: the record's guard strip sends no light; calibrate again");
    }
    return record;
}

const calibration::TransmissionMatrix* matrix_of(const calibration::Record& record, int inputs) {
    return record.matrix && record.matrix->inputs == inputs ? &*record.matrix : nullptr;
}

}  // namespace

Pilot::Pilot(const calibration::Record& record, int inputs)
    : reference_(checked(record, inputs).identity, matrix_of(record, inputs),
                 record.holography.modes()) {
    const auto modes = static_cast<Eigen::Index>(record.holography.modes());
    columns_.resize(modes, code_blocks + 1);
    columns_.leftCols(code_blocks) = Fields(record.identity.columns.data(), modes, code_blocks);
    columns_.col(code_blocks) = Fields(record.identity.background.data(), modes, 1);
    code_fields_.resize(modes, code_words);
    for (std::uint32_t w = 0; w < code_words; ++w) {
        for (int j = 0; j < code_blocks; ++j) {
            if (Layout::code_bit(w, j)) lit_blocks_[w].push_back(static_cast<std::uint8_t>(j));
        }
        code_fields_.col(w) = Fields(reference_.field(w).data(), modes, 1);
    }
    code_norms_ = code_fields_.colwise().norm();
    if (const auto* matrix = matrix_of(record, inputs)) {
        // <G_w, T_i> = sum_k conj(G_w(k)) T_i(k)
        leak_.noalias() = code_fields_.adjoint() * Fields(matrix->entries.data(), modes, inputs);
        blind_ = 2 * static_cast<Eigen::Index>(inputs) > modes;
    }
}

void Pilot::read(std::span<const std::complex<float>> field, std::uint32_t expected_word,
                 std::span<const std::uint8_t> bits, Reading& reading) const {
    assert(field.size() == modes() && expected_word < code_words);
    reading = {};
    std::array<std::complex<float>, 1> own;
    field_products(field, field, own);
    const float norm = std::sqrt(own[0].real());
    if (!(norm > 0) || !std::isfinite(norm)) return;

    // <column, f> once; every word's <G_w, f> is a sum of 17 of them.
    std::array<std::complex<float>, code_blocks + 1> column_dots;
    field_products({columns_.data(), static_cast<std::size_t>(columns_.size())}, field,
                   column_dots);
    std::array<std::complex<float>, code_words> dots;
    for (std::uint32_t w = 0; w < code_words; ++w) {
        dots[w] = column_dots[code_blocks];
        for (const std::uint8_t block : lit_blocks_[w]) dots[w] += column_dots[block];
    }
    field_products(reference_.probe(expected_word), field, {&reading.gain, 1});
    bool plausible = true;
    if (leak_.size() == 0) {
        reading.gain /= std::abs(reading.gain);
    } else {
        if (blind_) {
            const float strip = code_norms_(expected_word) * code_norms_(expected_word);
            reading.gain = dots[expected_word] / (strip + leak(bits, expected_word));
        }
        remove_leak(bits, reading.gain, dots);
        const float power = std::abs(reading.gain);
        plausible = power > 1 / gain_range && power < gain_range;
    }
    for (std::uint32_t w = 0; w < code_words; ++w) {
        const float correlation =
            std::abs(dots[w]) / (code_norms_(static_cast<Eigen::Index>(w)) * norm);
        if (correlation > reading.correlation) {
            reading.correlation = correlation;
            reading.word = w;
        }
        if (w == expected_word) {
            reading.expected = correlation;
        } else {
            reading.runner_up = std::max(reading.runner_up, correlation);
        }
    }
    // Uncorrelated fields of M modes correlate by about 1 / sqrt(M): three times that is chance.
    const float chance = 3 / std::sqrt(static_cast<float>(modes()));
    reading.proven = plausible && reading.word == expected_word && reading.expected > chance &&
                     reading.expected >= margin * reading.runner_up;
}

std::complex<float> Pilot::leak(std::span<const std::uint8_t> bits, std::uint32_t word) const {
    assert(bits.size() == static_cast<std::size_t>(leak_.cols()));
    std::complex<float> sum = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] != 0) sum += leak_(word, static_cast<Eigen::Index>(i));
    }
    return sum;
}

void Pilot::remove_leak(std::span<const std::uint8_t> bits, std::complex<float> gain,
                        std::array<std::complex<float>, code_words>& dots) const {
    assert(bits.size() == static_cast<std::size_t>(leak_.cols()));
    Eigen::Matrix<std::complex<float>, code_words, 1> leaks;
    leaks.setZero();
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] != 0) leaks += leak_.col(static_cast<Eigen::Index>(i));
    }
    for (std::uint32_t w = 0; w < code_words; ++w) dots[w] -= gain * leaks(w);
}

}  // namespace opal::projection
