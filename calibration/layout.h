// Layout: where on the DMD the logical inputs and the identity code live.
//
//   +--------------------------------------+
//   |  input 0  |  input 1  | ...          |   data area: grid of equal blocks, row-major, the
//   |  ...                                 |   upper seven eighths of the mirrors
//   +--------------------------------------+
//   |c14 |c10 |c4  |c18 | ...       | c28  |   guard strip: `code_blocks` blocks carrying the
//   +--------------------------------------+   pattern's number
//
// The code is bi-orthogonal: number n (0..61) is Walsh function 1 + n / 2 of length 32,
// complemented for odd n. Every word lights exactly 16 of the 32 blocks, so the strip sends the
// same power with every pattern, and two different words share 8 blocks or none. The strip is also
// the pilot: its known field gives the interferometer's phase. Neighbouring bits of a word sit far
// apart on the strip, in a fixed scattered order: a beam that is brighter in the middle would
// otherwise make words alike that differ at the rim only.
//
// Rule: mirrors outside every block (margins left over by the division) are off in every drawing.
#pragma once

#include "hal/bit_pattern.h"

#include <cstdint>
#include <span>
#include <string>

namespace opal::calibration {

inline constexpr int code_blocks = 32;
inline constexpr std::uint32_t code_words = 62;

struct Block {  // mirrors
    int row = 0;
    int column = 0;
    int rows = 0;
    int columns = 0;
};

class Layout {
public:
    // Throws std::invalid_argument if the DMD has too few mirrors for `inputs` (at least 1).
    Layout(int dmd_rows, int dmd_columns, int inputs);

    int inputs() const { return inputs_; }
    int dmd_rows() const { return dmd_rows_; }
    int dmd_columns() const { return dmd_columns_; }
    int grid_rows() const { return grid_rows_; }        // blocks of the data area
    int grid_columns() const { return grid_columns_; }  // the last grid row may be partly unused
    Block input_block(int input) const;
    Block code_block(int index) const;
    // True if `word` (< code_words) lights block `index`.
    static bool code_bit(std::uint32_t word, int index);

    // A pattern with these logical inputs on (bits, size inputs()) and this code word (or none) in
    // the strip. `into` is reshaped and overwritten.
    void draw(std::span<const std::uint8_t> bits, std::uint32_t word, hal::BitPattern& into) const;
    void draw_without_code(std::span<const std::uint8_t> bits, hal::BitPattern& into) const;
    // The same with the 32 blocks of the strip given one by one: for measuring the strip itself.
    void draw_with_blocks(std::span<const std::uint8_t> bits, std::uint32_t lit_blocks,
                          hal::BitPattern& into) const;

    // A hash of the mirrors that every code word and every input light. Layouts that draw the same
    // have the same; a record made with another one cannot be used.
    std::string fingerprint() const;

private:
    int dmd_rows_;
    int dmd_columns_;
    int inputs_;
    int strip_rows_;
    int grid_rows_;
    int grid_columns_;
};

}  // namespace opal::calibration
