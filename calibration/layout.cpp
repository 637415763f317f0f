// Layout: see layout.h.
#include "calibration/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <stdexcept>
#include <vector>

namespace opal::calibration {

namespace {

// Where block j of the code sits on the strip, counted from the left. Of 4000 random orders the one
// whose words stay most different under Gaussian beams of waist 0.3 to 0.6 strip lengths, up to a
// tenth of it off centre: the closest two then correlate by 1 : 1.40, in natural order 1 : 1.10.
constexpr std::array<int, code_blocks> strip_places{27, 21, 12, 29, 2,  5,  8,  19, 26, 7,  1,
                                                    20, 13, 6,  0,  11, 18, 25, 3,  28, 30, 23,
                                                    9,  10, 17, 14, 22, 16, 31, 24, 4,  15};

struct Grid {
    int rows = 0;
    int columns = 0;
};

// The grid with at least `inputs` cells whose cells have the longest shorter side: a square block
// keeps its distance to its neighbours, whatever the scattering medium resolves. Ties go to the
// larger area, then to fewer rows.
Grid best_grid(int area_rows, int area_columns, int inputs) {
    Grid best;
    int best_side = 0;
    std::int64_t best_area = 0;
    for (int rows = 1; rows <= std::min(area_rows, inputs); ++rows) {
        const int columns = (inputs + rows - 1) / rows;
        if (columns > area_columns) continue;
        const int height = area_rows / rows;
        const int width = area_columns / columns;
        const int side = std::min(height, width);
        const std::int64_t area = std::int64_t{height} * width;
        if (side > best_side || (side == best_side && area > best_area)) {
            best = {rows, columns};
            best_side = side;
            best_area = area;
        }
    }
    return best;
}

}  // namespace

Layout::Layout(int dmd_rows, int dmd_columns, int inputs)
    : dmd_rows_(dmd_rows), dmd_columns_(dmd_columns), inputs_(inputs) {
    if (inputs < 1)
        throw std::invalid_argument(
            fmt::format("layout: {} inputs were asked for; at least 1 is possible", inputs));
    strip_rows_ = std::max(1, dmd_rows / 8);
    if (dmd_columns < code_blocks || dmd_rows < 2)
        throw std::invalid_argument(
            fmt::format("layout: a DMD of {} x {} mirrors has no room for the identity code; "
                        "it needs at least 2 rows and {} columns",
                        dmd_rows, dmd_columns, code_blocks));
    const int data_rows = dmd_rows - strip_rows_;
    const Grid grid = best_grid(data_rows, dmd_columns, inputs);
    if (grid.rows == 0)
        throw std::invalid_argument(fmt::format(
            "layout: {} inputs do not fit a DMD of {} x {} mirrors; at most {} are possible",
            inputs, dmd_rows, dmd_columns, std::int64_t{data_rows} * dmd_columns));
    grid_rows_ = grid.rows;
    grid_columns_ = grid.columns;
}

Block Layout::input_block(int input) const {
    assert(input >= 0 && input < inputs_);
    const int height = (dmd_rows_ - strip_rows_) / grid_rows_;
    const int width = dmd_columns_ / grid_columns_;
    const int margin_rows = (dmd_rows_ - strip_rows_ - height * grid_rows_) / 2;
    const int margin_columns = (dmd_columns_ - width * grid_columns_) / 2;
    return {margin_rows + input / grid_columns_ * height,
            margin_columns + input % grid_columns_ * width, height, width};
}

Block Layout::code_block(int index) const {
    assert(index >= 0 && index < code_blocks);
    const int width = dmd_columns_ / code_blocks;
    const int margin_columns = (dmd_columns_ - width * code_blocks) / 2;
    const int place = strip_places[static_cast<std::size_t>(index)];
    return {dmd_rows_ - strip_rows_, margin_columns + place * width, strip_rows_, width};
}

bool Layout::code_bit(std::uint32_t word, int index) {
    assert(word < code_words && index >= 0 && index < code_blocks);
    const std::uint32_t walsh = 1 + word / 2;
    const bool odd = std::popcount(walsh & static_cast<std::uint32_t>(index)) % 2 != 0;
    return odd != (word % 2 != 0);
}

void Layout::draw(std::span<const std::uint8_t> bits, std::uint32_t word,
                  hal::BitPattern& into) const {
    std::uint32_t lit = 0;
    for (int j = 0; j < code_blocks; ++j)
        if (code_bit(word, j)) lit |= 1U << j;
    draw_with_blocks(bits, lit, into);
}

void Layout::draw_without_code(std::span<const std::uint8_t> bits, hal::BitPattern& into) const {
    draw_with_blocks(bits, 0, into);
}

std::string Layout::fingerprint() const {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a over the packed words of the patterns
    hal::BitPattern pattern;
    const auto add = [&] {
        for (int row = 0; row < pattern.rows(); ++row)
            for (const std::uint64_t word : pattern.row_words(row))
                hash = (hash ^ word) * 0x100000001b3U;
    };
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(inputs_), 0);
    for (std::uint32_t word = 0; word < code_words; ++word) {
        draw(bits, word, pattern);
        add();
    }
    // Pattern k lights the inputs whose number, counted from 1, has bit k: together they tell every
    // input from every other, in as many patterns as the count has bits.
    for (int k = 0; inputs_ >> k != 0; ++k) {
        for (int i = 0; i < inputs_; ++i)
            bits[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>((i + 1) >> k & 1);
        draw_without_code(bits, pattern);
        add();
    }
    return fmt::format("{:016x}", hash);
}

void Layout::draw_with_blocks(std::span<const std::uint8_t> bits, std::uint32_t lit_blocks,
                              hal::BitPattern& into) const {
    assert(bits.size() == static_cast<std::size_t>(inputs_));
    if (into.rows() != dmd_rows_ || into.columns() != dmd_columns_)
        into = hal::BitPattern(dmd_rows_, dmd_columns_);
    else
        into.fill(0, 0, dmd_rows_, dmd_columns_, false);
    for (int i = 0; i < inputs_; ++i) {
        if (bits[static_cast<std::size_t>(i)] == 0) continue;
        const Block b = input_block(i);
        into.fill(b.row, b.column, b.rows, b.columns, true);
    }
    for (int j = 0; j < code_blocks; ++j) {
        if ((lit_blocks >> j & 1U) == 0) continue;
        const Block b = code_block(j);
        into.fill(b.row, b.column, b.rows, b.columns, true);
    }
}

}  // namespace opal::calibration
