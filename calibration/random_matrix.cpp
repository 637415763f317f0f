// RandomMatrix: see random_matrix.h.
#include "calibration/random_matrix.h"

#include "calibration/layout.h"
#include "calibration/pattern_block.h"

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

// A tile's complex numbers as pairs of real ones: patterns are real, and so is what solves for
// them.
Eigen::Map<const PatternBlock<double>> reals(const Tile& tile) {
    return {reinterpret_cast<const double*>(tile.data()), tile.rows(), 2 * tile.cols()};
}
Eigen::Map<PatternBlock<double>> reals(Tile& tile) {
    return {reinterpret_cast<double*>(tile.data()), tile.rows(), 2 * tile.cols()};
}

// The inputs of all frames and, beside them, `more` columns; never there as a whole.
class Design {
public:
    Design(const RandomPatterns& patterns, Real more)
        : patterns_(patterns),
          more_(std::move(more)),
          inputs_(static_cast<Eigen::Index>(patterns.inputs)),
          frames_(static_cast<Eigen::Index>(patterns.frames())) {}

    Eigen::Index columns() const { return inputs_ + more_.cols(); }

    // A^T A. Whole numbers: exact in any order.
    Real normal() const {
        Real sum = Real::Zero(columns(), columns());
        for_each_block<double>(patterns_, [&](Eigen::Index first, const auto& lit) {
            const auto beside = more_.middleRows(first, lit.rows());
            sum.topLeftCorner(inputs_, inputs_).noalias() += lit.transpose() * lit;
            sum.topRightCorner(inputs_, more_.cols()).noalias() += lit.transpose() * beside;
        });
        sum.bottomLeftCorner(more_.cols(), inputs_) =
            sum.topRightCorner(inputs_, more_.cols()).transpose();
        sum.bottomRightCorner(more_.cols(), more_.cols()) = more_.transpose() * more_;
        return sum;
    }
    // A^T y
    Tile transposed_times(const Tile& y) const {
        Tile sum = Tile::Zero(columns(), y.cols());
        for_each_block<double>(patterns_, [&](Eigen::Index first, const auto& lit) {
            reals(sum).topRows(inputs_).noalias() +=
                lit.transpose() * reals(y).middleRows(first, lit.rows());
        });
        reals(sum).bottomRows(more_.cols()) = more_.transpose() * reals(y);
        return sum;
    }
    // A x
    Tile times(const Tile& x) const {
        Tile product(frames_, x.cols());
        for_each_block<double>(patterns_, [&](Eigen::Index first, const auto& lit) {
            reals(product).middleRows(first, lit.rows()).noalias() =
                lit * reals(x).topRows(inputs_);
        });
        if (more_.cols() > 0) product += beside_times(x);
        return product;
    }
    // The part of A x that the columns beside the inputs make.
    Tile beside_times(const Tile& x) const {
        Tile product(frames_, x.cols());
        reals(product).noalias() = more_ * reals(x).bottomRows(more_.cols());
        return product;
    }

private:
    const RandomPatterns& patterns_;
    Real more_;
    Eigen::Index inputs_;
    Eigen::Index frames_;
};

Tile solved(const Eigen::LLT<Real>& solver, const Tile& right) {
    Tile left(right.rows(), right.cols());
    reals(left) = solver.solve(reals(right));
    return left;
}

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
          inputs_(static_cast<Eigen::Index>(patterns.inputs)),
          design_(patterns, Real(frames_, 0)) {}

    RandomFit run() {
        gains_ = first_gains();
        free_strip();
        RandomFit result;
        double ridge = 0;
        const Real lit = design_.normal();
        for (int round = 0; round <= final_rounds; ++round) {
            Real normal = lit;
            normal.diagonal().array() += std::max(ridge, 1e-9 * static_cast<double>(frames_));
            const Eigen::LLT<Real> solver(normal);
            const bool last = round == final_rounds;
            ridge = known_strip(solver, last ? &result : nullptr);
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
        Real strip_design(frames_, strip_parts);
        for (Eigen::Index f = 0; f < frames_; ++f) {
            for (int j = 0; j < code_blocks; ++j)
                strip_design(f, j) =
                    Layout::code_bit(patterns_.words[static_cast<std::size_t>(f)], j) ? 1 : 0;
            strip_design(f, code_blocks) = 1;
        }
        const Design design(patterns_, std::move(strip_design));
        Real normal = design.normal();
        normal.diagonal().tail(strip_parts).array() += strip_ridge * static_cast<double>(frames_);
        normal.diagonal().array() += 1e-9 * static_cast<double>(frames_);
        const Eigen::LLT<Real> solver(normal);
        for (int round = 0; round < free_rounds; ++round) {
            Overlap overlap(frames_);
            std::complex<double> laid = 0;
            double known = 0;
            for_each_tile([&](std::size_t first, std::size_t count, const Tile& y) {
                const Tile parts = solved(solver, design.transposed_times(over_gains(y)));
                overlap.add(design.times(parts), y);
                const Tile strip = strip_of(first, count);
                const Tile free = design.beside_times(parts);
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
    double known_strip(const Eigen::LLT<Real>& solver, RandomFit* result) {
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
            const Tile entries = solved(solver, design_.transposed_times(light - strip));
            const Tile predicted = strip + design_.times(entries);
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
    Design design_;
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
