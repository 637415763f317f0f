// MatrixRefresh: ridge regression from what is known. See matrix_refresh.h.
#include "projection/matrix_refresh.h"

#include "calibration/layout.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace opal::projection {

namespace {

using calibration::code_blocks;
using Complex = std::complex<float>;
using Fields = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int strip_unknowns = code_blocks + 1;
constexpr int most_rounds = 10;
constexpr double settled = 0.99;  // what a round leaves of the rest: gains and fields agree

// (frames, unknowns): background, blocks, inputs.
Eigen::MatrixXf design(const RefreshFrames& frames, Eigen::Index inputs) {
    const auto count = static_cast<Eigen::Index>(frames.words.size());
    Eigen::MatrixXf a(count, strip_unknowns + inputs);
    for (Eigen::Index n = 0; n < count; ++n) {
        a(n, 0) = 1;
        const std::uint32_t word = frames.words[static_cast<std::size_t>(n)];
        for (int j = 0; j < code_blocks; ++j)
            a(n, 1 + j) = calibration::Layout::code_bit(word, j) ? 1.0F : 0.0F;
        for (Eigen::Index i = 0; i < inputs; ++i)
            a(n, strip_unknowns + i) = frames.bits[static_cast<std::size_t>(n * inputs + i)];
    }
    return a;
}

// (unknowns, modes) as the record has them.
Fields known(const calibration::Record& record, Eigen::Index inputs, Eigen::Index modes) {
    using Rows = Eigen::Map<const Fields>;
    Fields x(strip_unknowns + inputs, modes);
    x.row(0) = Rows(record.identity.background.data(), 1, modes);
    x.middleRows(1, code_blocks) = Rows(record.identity.columns.data(), code_blocks, modes);
    x.bottomRows(inputs) = Rows(record.matrix->entries.data(), inputs, modes);
    return x;
}

void store(const Fields& x, calibration::Record& record) {
    using Rows = Eigen::Map<Fields>;
    const Eigen::Index inputs = x.rows() - strip_unknowns;
    Rows(record.identity.background.data(), 1, x.cols()) = x.row(0);
    Rows(record.identity.columns.data(), code_blocks, x.cols()) = x.middleRows(1, code_blocks);
    Rows(record.matrix->entries.data(), inputs, x.cols()) = x.bottomRows(inputs);
}

// Variances of inputs and strip from those of all unknowns, in units of a frame's noise.
void store_variance(const Eigen::MatrixXd& variance, calibration::Record& record) {
    calibration::TransmissionMatrix& matrix = *record.matrix;
    matrix.input_variance.assign(static_cast<std::size_t>(matrix.inputs), 0);
    for (std::size_t i = 0; i < matrix.input_variance.size(); ++i) {
        const auto at = strip_unknowns + static_cast<Eigen::Index>(i);
        matrix.input_variance[i] = static_cast<float>(variance(at, at));
    }
    double words = 0;
    Eigen::VectorXd lit(strip_unknowns);
    for (std::uint32_t w = 0; w < calibration::code_words; ++w) {
        lit(0) = 1;
        for (int j = 0; j < code_blocks; ++j)
            lit(1 + j) = calibration::Layout::code_bit(w, j) ? 1 : 0;
        words += lit.dot(variance.topLeftCorner(strip_unknowns, strip_unknowns) * lit);
    }
    record.identity.strip_variance = matrix.noise_power * words / calibration::code_words;
    double entries = 0;
    for (const auto t : matrix.entries) entries += static_cast<double>(std::norm(t));
    matrix.entry_snr = entries / static_cast<double>(matrix.entries.size()) /
                       std::max(matrix.entry_variance(), 1e-30);
}

}  // namespace

std::size_t refresh_frames(int inputs) {
    return 4 * (static_cast<std::size_t>(inputs) + strip_unknowns);
}

RefreshResult refresh_matrix(calibration::Record& record, const RefreshFrames& frames,
                             double rest_over_data) {
    if (!record.matrix) throw std::invalid_argument("refresh: the record holds no matrix");
    const Eigen::Index inputs = record.matrix->inputs;
    const auto modes = static_cast<Eigen::Index>(record.holography.modes());
    const auto count = static_cast<Eigen::Index>(frames.words.size());
    if (count < 1 || frames.bits.size() != static_cast<std::size_t>(count * inputs) ||
        frames.fields.size() != static_cast<std::size_t>(count * modes))
        throw std::invalid_argument("refresh: the frames do not fit the record");
    const Eigen::MatrixXf a = design(frames, inputs);
    const Eigen::Map<const Fields> seen(frames.fields.data(), count, modes);
    const Fields before = known(record, inputs, modes);
    Fields x = before;

    // An unknown is expected to have changed by the share of its power that the frames miss.
    const double entry_power =
        before.bottomRows(inputs).cast<std::complex<double>>().squaredNorm() /
        static_cast<double>(inputs * modes);
    // In double: every word lights as many blocks, so background and blocks together are all but
    // undetermined, and only lambda tells them apart.
    const Eigen::MatrixXd information = (a.transpose() * a).cast<double>();
    Eigen::MatrixXd normal = information;
    Fields rest(count, modes);
    double rest_power = 0;
    double noise_sum = 0;  // the same in the frames' own units, as gains have not divided them
    double data_power = 1;
    double mean_gain2 = 1;
    double rest_before = 0;
    for (int round = 0; round < most_rounds; ++round) {
        const Fields predicted = a * x;
        noise_sum = 0;
        mean_gain2 = 0;
        for (Eigen::Index n = 0; n < count; ++n) {
            const Complex gain = predicted.row(n).conjugate().cwiseProduct(seen.row(n)).sum() /
                                 std::max(predicted.row(n).squaredNorm(), 1e-30F);
            rest.row(n) = seen.row(n) / gain - predicted.row(n);
            const auto gain2 = static_cast<double>(std::norm(gain));
            noise_sum += gain2 * rest.row(n).cast<std::complex<double>>().squaredNorm();
            mean_gain2 += gain2 / static_cast<double>(count);
        }
        rest_power = rest.cast<std::complex<double>>().squaredNorm();
        data_power =
            (a.rightCols(inputs) * x.bottomRows(inputs)).cast<std::complex<double>>().squaredNorm();
        if (round > 1 && rest_power > settled * rest_before) break;
        rest_before = rest_power;
        const double noise = std::max(record.matrix->noise_power,
                                      1e-6 * data_power / static_cast<double>(count * modes));
        const double change = std::max(rest_over_data, 1e-4) * entry_power;
        normal = information;
        normal.diagonal().array() += std::max(noise / change, 1e-3);
        const Eigen::MatrixXf solver =
            Eigen::LDLT<Eigen::MatrixXd>(normal).solve(a.transpose().cast<double>()).cast<float>();
        x += solver * rest;
    }
    // The frames' common factor is not known: the strip keeps its power and phase.
    const auto strip_now = x.topRows(strip_unknowns);
    const auto strip_before = before.topRows(strip_unknowns);
    const Complex overlap = strip_now.conjugate().cwiseProduct(strip_before).sum();
    const float scale = strip_before.norm() / strip_now.norm();
    x *= overlap / std::abs(overlap) * scale;
    store(x, record);

    // A frame's noise: what is left, over what unknowns and gains have not taken up of it.
    const Eigen::MatrixXd covariance = Eigen::LDLT<Eigen::MatrixXd>(normal).solve(
        Eigen::MatrixXd::Identity(normal.rows(), normal.cols()));
    const auto numbers = static_cast<double>(count * modes);
    const double taken = covariance.cwiseProduct(information).sum() * static_cast<double>(modes);
    record.matrix->noise_power =
        noise_sum / std::max(numbers - taken - static_cast<double>(count), 0.1 * numbers);
    // Of an unknown, in units of that noise.
    const Eigen::MatrixXd variance = covariance * std::pow(double{scale}, 2) / mean_gain2;
    store_variance(variance, record);

    const auto of_inputs = [&](const Eigen::MatrixXd& of) {
        return of.bottomRightCorner(inputs, inputs);
    };
    const Eigen::MatrixXd lit = a.rightCols(inputs).cast<double>();
    const double leverage =
        (lit * of_inputs(covariance)).cwiseProduct(lit).sum() / static_cast<double>(count);
    return {record.matrix->noise_power / mean_gain2 * leverage * numbers / data_power,
            std::sqrt(record.matrix->noise_power * of_inputs(variance).diagonal().mean() /
                      entry_power)};
}

}  // namespace opal::projection
