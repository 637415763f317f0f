// BitPattern: what a DMD shows. One bit per mirror, 1 = on (light goes to the medium).
//
// Shape (rows, columns), row-major. A row is stored in ceil(columns / 64) 64-bit words; column c is
// bit c % 64 of word c / 64. Bits beyond the last column are always 0, so whole words can be
// compared and counted.
//   Patterns of blocks repeat their rows: a run of rows that were always filled together is stored
// once, so that drawing, copying and reading a pattern cost what there is to see in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace opal::hal {

class BitPattern {
public:
    BitPattern() = default;
    BitPattern(int rows, int columns);  // all mirrors off; both at least 1

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    int words_per_row() const { return words_per_row_; }

    bool at(int row, int column) const;
    void set(int row, int column, bool on);
    // Sets the mirrors of the rectangle [row, row + rows) x [column, column + columns); it must lie
    // inside.
    void fill(int row, int column, int rows, int columns, bool on);

    std::span<const std::uint64_t> row_words(int row) const;
    // Rows [row, end_of_run(row)) are stored once and therefore equal; the next may be equal too.
    int end_of_run(int row) const { return end_of_run(row, rows_); }
    std::size_t count_on() const;

    bool operator==(const BitPattern& other) const;

private:
    std::uint64_t* line(int row) {
        return words_.data() + std::size_t{line_of_[static_cast<std::size_t>(row)]} *
                                   static_cast<std::size_t>(words_per_row_);
    }
    bool same_line(int row, int other_row) const {
        return line_of_[static_cast<std::size_t>(row)] ==
               line_of_[static_cast<std::size_t>(other_row)];
    }
    void cut_above(int row);
    int end_of_run(int row, int end) const;

    int rows_ = 0;
    int columns_ = 0;
    int words_per_row_ = 0;
    std::vector<std::uint32_t> line_of_;  // (rows); each line belongs to one run of rows
    std::vector<std::uint64_t> words_;    // (lines, words_per_row)
};

}  // namespace opal::hal
