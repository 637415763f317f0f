// HadamardTile: see hadamard_tile.h.
#include "calibration/hadamard_tile.h"

#include "calibration/hadamard.h"

#include <algorithm>
#include <cassert>

namespace opal::calibration {

namespace {

using Field = HadamardTile::Field;

// The operator of std::complex looks for infinities first.
Field times(Field a, Field b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

}  // namespace

HadamardTile::HadamardTile(const HadamardPlan& plan, std::size_t modes)
    : plan_(plan), modes_(modes) {}

void HadamardTile::move_to(std::size_t first, std::size_t count) {
    assert(count >= 1 && count <= most_modes && first + count <= modes_);
    first_ = first;
    count_ = count;
    work_.resize(order() * count);
}

void HadamardTile::solve(std::span<const Field> strips, std::span<const Field> fields,
                         std::span<const Field> inverse_gains, std::span<Field> entries) {
    const auto row = [&](auto array, std::size_t number) {
        return array.data() + number * modes_ + first_;
    };
    for (std::size_t i = 0; i < inputs(); ++i) std::fill_n(row(entries, i), count_, Field(0));
    const float scale = 1.0F / static_cast<float>(plan_.order() * plan_.repeats());
    for (std::size_t repeat = 0; repeat < repeats(); ++repeat) {
        for (std::size_t k = 0; k < order(); ++k) {
            const std::size_t plus = (repeat * order() + k) * 2;
            const Field a = inverse_gains[plus];
            const Field b = inverse_gains[plus + 1];
            const Field* const ya = row(fields, plus);
            const Field* const yb = row(fields, plus + 1);
            const Field* const pa = row(strips, plan_.word(plus));
            const Field* const pb = row(strips, plan_.word(plus + 1));
            Field* const to = work_.data() + k * count_;
            for (std::size_t m = 0; m < count_; ++m)
                to[m] = (times(ya[m], a) - pa[m]) - (times(yb[m], b) - pb[m]);
        }
        hadamard_transform(work_, plan_.order(), count_);
        for (std::size_t i = 0; i < inputs(); ++i) {
            const float sign = scale * static_cast<float>(plan_.sign(repeat, static_cast<int>(i)));
            const Field* const from = work_.data() + i * count_;
            Field* const to = row(entries, i);
            for (std::size_t m = 0; m < count_; ++m) to[m] += sign * from[m];
        }
    }
}

void HadamardTile::spread(std::size_t repeat, std::span<const Field> entries) {
    std::fill(work_.begin(), work_.end(), Field(0));
    std::fill_n(sum_, count_, Field(0));
    for (std::size_t i = 0; i < inputs(); ++i) {
        const auto sign = static_cast<float>(plan_.sign(repeat, static_cast<int>(i)));
        const Field* const t = entries.data() + i * modes_ + first_;
        Field* const to = work_.data() + i * count_;
        for (std::size_t m = 0; m < count_; ++m) {
            to[m] = sign * t[m];
            sum_[m] += t[m];
        }
    }
    hadamard_transform(work_, plan_.order(), count_);
}

}  // namespace opal::calibration
