// BitPattern: bit arithmetic of what a DMD shows. The invariant kept here: padding bits are 0.
#include "hal/bit_pattern.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace opal::hal {

BitPattern::BitPattern(int rows, int columns)
    : rows_(rows), columns_(columns), words_per_row_((columns + 63) / 64) {
    assert(rows >= 1 && columns >= 1);
    words_.assign(static_cast<std::size_t>(rows) * static_cast<std::size_t>(words_per_row_), 0);
}

bool BitPattern::at(int row, int column) const {
    assert(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    return (row_words(row)[static_cast<std::size_t>(column / 64)] >> (column % 64) & 1u) != 0;
}

void BitPattern::set(int row, int column, bool on) {
    assert(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    std::uint64_t& word = words_[static_cast<std::size_t>(row) * words_per_row_ + column / 64];
    const std::uint64_t bit = std::uint64_t{1} << (column % 64);
    word = on ? word | bit : word & ~bit;
}

void BitPattern::fill(int row, int column, int rows, int columns, bool on) {
    assert(row >= 0 && rows >= 0 && row + rows <= rows_);
    assert(column >= 0 && columns >= 0 && column + columns <= columns_);
    const int end = column + columns;
    for (int r = row; r < row + rows; ++r) {
        std::uint64_t* line = words_.data() + static_cast<std::size_t>(r) * words_per_row_;
        for (int c = column; c < end;) {
            const int first = c % 64;
            const int count = std::min(64 - first, end - c);
            const std::uint64_t ones =
                count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
            const std::uint64_t mask = ones << first;
            line[c / 64] = on ? line[c / 64] | mask : line[c / 64] & ~mask;
            c += count;
        }
    }
}

std::span<const std::uint64_t> BitPattern::row_words(int row) const {
    assert(row >= 0 && row < rows_);
    const auto width = static_cast<std::size_t>(words_per_row_);
    return {words_.data() + static_cast<std::size_t>(row) * width, width};
}

std::size_t BitPattern::count_on() const {
    std::size_t count = 0;
    for (std::uint64_t word : words_) count += static_cast<std::size_t>(std::popcount(word));
    return count;
}

}  // namespace opal::hal
