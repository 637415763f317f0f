// BitPattern: bit arithmetic of what a DMD shows. The invariants kept here: padding bits are 0; the
// rows of a line follow each other, so there are never more lines than rows.
#include "hal/bit_pattern.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace opal::hal {

BitPattern::BitPattern(int rows, int columns)
    : rows_(rows), columns_(columns), words_per_row_((columns + 63) / 64) {
    assert(rows >= 1 && columns >= 1);
    line_of_.assign(static_cast<std::size_t>(rows), 0);
    words_.assign(static_cast<std::size_t>(words_per_row_), 0);
}

bool BitPattern::at(int row, int column) const {
    assert(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    return (row_words(row)[static_cast<std::size_t>(column / 64)] >> (column % 64) & 1u) != 0;
}

void BitPattern::set(int row, int column, bool on) {
    if (at(row, column) != on) fill(row, column, 1, 1, on);
}

// From `row` on the line of the row above is another one.
void BitPattern::cut_above(int row) {
    if (row == 0 || row == rows_ || !same_line(row, row - 1)) return;
    const auto width = static_cast<std::size_t>(words_per_row_);
    const std::size_t old_begin = line_of_[static_cast<std::size_t>(row)] * width;
    const std::size_t begin = words_.size();
    words_.resize(begin + width);
    std::copy_n(words_.data() + old_begin, width, words_.data() + begin);
    const int end = end_of_run(row);
    std::fill(line_of_.begin() + row, line_of_.begin() + end,
              static_cast<std::uint32_t>(begin / width));
}

// The first row below `row`, at most `end`, with another line.
int BitPattern::end_of_run(int row, int end) const {
    int next = row + 1;
    while (next < end && same_line(next, row)) ++next;
    return next;
}

void BitPattern::fill(int row, int column, int rows, int columns, bool on) {
    assert(row >= 0 && rows >= 0 && row + rows <= rows_);
    assert(column >= 0 && columns >= 0 && column + columns <= columns_);
    if (rows == 0 || columns == 0) return;
    if (rows == rows_ && columns == columns_) {  // one line is enough again
        std::fill(line_of_.begin(), line_of_.end(), 0u);
        words_.resize(static_cast<std::size_t>(words_per_row_));
    }
    cut_above(row);
    cut_above(row + rows);
    const int end = column + columns;
    for (int r = row; r < row + rows; r = end_of_run(r, row + rows)) {
        std::uint64_t* const words = line(r);
        for (int c = column; c < end;) {
            const int first = c % 64;
            const int count = std::min(64 - first, end - c);
            const std::uint64_t ones =
                count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
            const std::uint64_t mask = ones << first;
            words[c / 64] = on ? words[c / 64] | mask : words[c / 64] & ~mask;
            c += count;
        }
    }
}

std::span<const std::uint64_t> BitPattern::row_words(int row) const {
    assert(row >= 0 && row < rows_);
    const auto width = static_cast<std::size_t>(words_per_row_);
    return {words_.data() + line_of_[static_cast<std::size_t>(row)] * width, width};
}

std::size_t BitPattern::count_on() const {
    std::size_t count = 0;
    for (int row = 0; row < rows_;) {
        const int end = end_of_run(row);
        std::size_t in_row = 0;
        for (const std::uint64_t word : row_words(row))
            in_row += static_cast<std::size_t>(std::popcount(word));
        count += in_row * static_cast<std::size_t>(end - row);
        row = end;
    }
    return count;
}

bool BitPattern::operator==(const BitPattern& other) const {
    if (rows_ != other.rows_ || columns_ != other.columns_) return false;
    for (int row = 0; row < rows_;) {
        const auto mine = row_words(row);
        if (!std::equal(mine.begin(), mine.end(), other.row_words(row).begin())) return false;
        row = std::min(end_of_run(row), other.end_of_run(row));
    }
    return true;
}

}  // namespace opal::hal
