// RandomMatrix: see random_matrix.h.
#include "calibration/random_matrix.h"

#include "calibration/layout.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace opal::calibration {

namespace {

constexpr std::size_t tile_modes = 64;
constexpr int free_rounds = 12;
constexpr int final_rounds = 6;
constexpr double strip_ridge = 1e-3;  // of the frames; see matrix_fit.cpp

using Real = Eigen::MatrixXd;
using Tile = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Gains = Eigen::VectorXcd;

// Sums over modes that a frame's gain is made from.
struct Overlap {
    Gains cross;            // <prediction, y>
    Eigen::VectorXd power;  // |prediction|^2
    explicit Overlap(Eigen::Index frames)
        : cross(Gains::Zero(frames)), power(Eigen::VectorXd::Zero(frames)) {}
    void add(const Tile& predicted, const Tile& y) {
        cross += (predicted.conjugate().cwiseProduct(y)).rowwise().sum();
        power += predicted.rowwise().squaredNorm();
    }
    Gains gains() const {
        return cross.cwiseQuotient(power.cwiseMax(1e-300).cast<std::complex<double>>());
    }
};

class Fit {
public:
    Fit(const RandomPatterns& patterns, std::span<const std::complex<float>> strips,
        FieldStore& fields)
        : patterns_(patterns),
          strips_(strips),
          fields_(fields),
          frames_(static_cast<Eigen::Index>(patterns.frames())),
          inputs_(static_cast<Eigen::Index>(patterns.inputs)) {
        lit_ = Real(frames_, inputs_);
        for (Eigen::Index f = 0; f < frames_; ++f)
            for (Eigen::Index i = 0; i < inputs_; ++i)
                lit_(f, i) = patterns.on[static_cast<std::size_t>(f * inputs_ + i)];
    }

    RandomFit run() {
        gains_ = first_gains();
        free_strip();
        RandomFit result;
        double ridge = 0;
        Real normal;
        for (int round = 0; round <= final_rounds; ++round) {
            normal = lit_.transpose() * lit_;
            normal.diagonal().array() += std::max(ridge, 1e-9 * static_cast<double>(frames_));
            const Eigen::LLT<Real> solver(normal);
            solve_ = solver.solve(lit_.transpose());
            const bool last = round == final_rounds;
            ridge = known_strip(last ? &result : nullptr);
            if (last) {
                const Real inverse = solver.solve(Real::Identity(inputs_, inputs_));
                for (Eigen::Index i = 0; i < inputs_; ++i)
                    result.input_variance.push_back(static_cast<float>(inverse(i, i)));
            }
        }
        result.ridge = ridge;
        result.gains.assign(gains_.data(), gains_.data() + gains_.size());
        return result;
    }

private:
    template <typename Visit>
    void for_each_tile(const Visit& visit) {
        std::vector<std::complex<float>> stored;
        for (std::size_t first = 0; first < fields_.modes(); first += tile_modes) {
            const std::size_t count = std::min(tile_modes, fields_.modes() - first);
            fields_.read(first, count, stored);
            const Eigen::Map<const Eigen::Matrix<std::complex<float>, Eigen::Dynamic,
                                                 Eigen::Dynamic, Eigen::RowMajor>>
                floats(stored.data(), frames_, static_cast<Eigen::Index>(count));
            visit(first, count, Tile(floats.cast<std::complex<double>>()));
        }
    }
    Tile strip_of(std::size_t first, std::size_t count) const {
        Tile strip(frames_, static_cast<Eigen::Index>(count));
        for (Eigen::Index f = 0; f < frames_; ++f)
            for (std::size_t m = 0; m < count; ++m)
                strip(f, static_cast<Eigen::Index>(m)) = std::complex<double>(
                    strips_[patterns_.words[static_cast<std::size_t>(f)] * fields_.modes() + first +
                            m]);
        return strip;
    }
    Tile over_gains(const Tile& y) const { return gains_.cwiseInverse().asDiagonal() * y; }

    Gains first_gains() {
        Overlap overlap(frames_);
        for_each_tile([&](std::size_t first, std::size_t count, const Tile& y) {
            overlap.add(strip_of(first, count), y);
        });
        return overlap.gains();
    }

    // Gains with the strip's blocks and static light among the unknowns, then laid over the strip
    // that is known: y = g' P' with P' = s P makes the true gain g' s.
    void free_strip() {
        constexpr Eigen::Index strip_parts = code_blocks + 1;
        Real design(frames_, inputs_ + strip_parts);
        design.leftCols(inputs_) = lit_;
        for (Eigen::Index f = 0; f < frames_; ++f) {
            for (int j = 0; j < code_blocks; ++j)
                design(f, inputs_ + j) =
                    Layout::code_bit(patterns_.words[static_cast<std::size_t>(f)], j) ? 1 : 0;
            design(f, inputs_ + code_blocks) = 1;
        }
        Real normal = design.transpose() * design;
        normal.diagonal().tail(strip_parts).array() += strip_ridge * static_cast<double>(frames_);
        normal.diagonal().array() += 1e-9 * static_cast<double>(frames_);
        const Real solve = normal.llt().solve(design.transpose());
        for (int round = 0; round < free_rounds; ++round) {
            Overlap overlap(frames_);
            std::complex<double> laid = 0;
            double known = 0;
            for_each_tile([&](std::size_t first, std::size_t count, const Tile& y) {
                const Tile parts = solve * over_gains(y);
                overlap.add(design * parts, y);
                const Tile strip = strip_of(first, count);
                const Tile free = design.rightCols(strip_parts) * parts.bottomRows(strip_parts);
                laid += strip.conjugate().cwiseProduct(free).sum();
                known += strip.squaredNorm();
            });
            gains_ = overlap.gains();
            gains_ /= gains_.mean();
            if (round + 1 == free_rounds) gains_ *= laid / known;
        }
    }

    // One round with the known strip: T, then gains from the whole prediction. Returns the ridge
    // that noise and entries call for.
    double known_strip(RandomFit* result) {
        const auto modes = fields_.modes();
        Overlap overlap(frames_);
        double entry_power = 0;
        double noise_power = 0;
        if (result != nullptr) {
            result->entries.resize(patterns_.inputs * modes);
            result->mode_noise.resize(modes);
        }
        const double freedom = static_cast<double>(std::max<Eigen::Index>(frames_ - inputs_, 1));
        for_each_tile([&](std::size_t first, std::size_t count, const Tile& y) {
            const Tile strip = strip_of(first, count);
            const Tile light = over_gains(y);
            const Tile entries = solve_ * (light - strip);
            const Tile predicted = strip + lit_ * entries;
            overlap.add(predicted, y);
            entry_power += entries.squaredNorm();
            const Eigen::VectorXd rest = (light - predicted).colwise().squaredNorm() / freedom;
            noise_power += rest.sum();
            if (result == nullptr) return;
            for (std::size_t m = 0; m < count; ++m) {
                result->mode_noise[first + m] =
                    static_cast<float>(rest(static_cast<Eigen::Index>(m)));
                for (std::size_t i = 0; i < patterns_.inputs; ++i)
                    result->entries[i * modes + first + m] = std::complex<float>(
                        entries(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(m)));
            }
        });
        gains_ = overlap.gains();
        const double entry = entry_power / static_cast<double>(patterns_.inputs * modes);
        return noise_power / static_cast<double>(modes) / std::max(entry, 1e-300);
    }

    const RandomPatterns& patterns_;
    std::span<const std::complex<float>> strips_;
    FieldStore& fields_;
    Eigen::Index frames_;
    Eigen::Index inputs_;
    Real lit_;
    Real solve_;
    Gains gains_;
};

}  // namespace

RandomFit fit_random(const RandomPatterns& patterns, std::span<const std::complex<float>> strips,
                     FieldStore& fields) {
    assert(patterns.frames() == fields.frames() && patterns.frames() > patterns.inputs + 33);
    assert(patterns.on.size() == patterns.frames() * patterns.inputs);
    assert(strips.size() == code_words * fields.modes());
    return Fit(patterns, strips, fields).run();
}

}  // namespace opal::calibration
