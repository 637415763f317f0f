// BitPattern: what a DMD shows. One bit per mirror, 1 = on (light goes to the medium).
//
// Shape (rows, columns), row-major. A row is stored in ceil(columns / 64) 64-bit words; column c is
// bit c % 64 of word c / 64. Bits beyond the last column are always 0, so whole words can be
// compared and counted.
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
    std::size_t count_on() const;

    bool operator==(const BitPattern&) const = default;

private:
    int rows_ = 0;
    int columns_ = 0;
    int words_per_row_ = 0;
    std::vector<std::uint64_t> words_;
};

}  // namespace opal::hal
