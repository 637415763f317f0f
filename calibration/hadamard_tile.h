// HadamardTile: a few modes of all frames at once, small enough for the second-level cache. Fields
// -> entries and entries -> fields of the data, each by one fast transform per repeat.
//
// Light adds, so with W = H (signs T) and S = sum of T, the data of a plus frame send (S + W_k) / 2
// and those of its complement (S - W_k) / 2.
#pragma once

#include "calibration/matrix_fit.h"

#include <complex>
#include <span>
#include <vector>

namespace opal::calibration {

class HadamardTile {
public:
    using Field = std::complex<float>;

    // Arrays below have rows of `modes` modes.
    HadamardTile(const HadamardPlan& plan, std::size_t modes);

    // Works on modes [first, first + count) from here on; count <= most_modes.
    void move_to(std::size_t first, std::size_t count);
    static constexpr std::size_t most_modes = 32;

    // T from the differences between complements, each frame divided by its gain and freed of its
    // strip. strips: (words, modes), fields: (frames, modes), inverse_gains: (frames). Writes the
    // tile's part of `entries`, (inputs, modes).
    void solve(std::span<const Field> strips, std::span<const Field> fields,
               std::span<const Field> inverse_gains, std::span<Field> entries);

    // What the data of every frame send, visited as f(frame, field of `count` modes), frames of one
    // repeat after the other.
    template <class Visit>
    void predict(std::span<const Field> entries, const Visit& visit) {
        Field field[most_modes];
        for (std::size_t repeat = 0; repeat < repeats(); ++repeat) {
            spread(repeat, entries);
            for (std::size_t k = 0; k < order(); ++k) {
                const std::size_t plus = (repeat * order() + k) * 2;
                const Field* const w = work_.data() + k * count_;
                for (std::size_t m = 0; m < count_; ++m) field[m] = 0.5F * (sum_[m] + w[m]);
                visit(plus, std::span<const Field>(field, count_));
                for (std::size_t m = 0; m < count_; ++m) field[m] = 0.5F * (sum_[m] - w[m]);
                visit(plus + 1, std::span<const Field>(field, count_));
            }
        }
    }

private:
    std::size_t order() const { return static_cast<std::size_t>(plan_.order()); }
    std::size_t inputs() const { return static_cast<std::size_t>(plan_.inputs()); }
    std::size_t repeats() const { return static_cast<std::size_t>(plan_.repeats()); }
    void spread(std::size_t repeat, std::span<const Field> entries);

    const HadamardPlan& plan_;
    std::size_t modes_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::vector<Field> work_;  // (order, count)
    Field sum_[most_modes] = {};
};

}  // namespace opal::calibration
