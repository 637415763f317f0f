// Layout: hand-computed places, and the code's distances by brute force.
#include "calibration/layout.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <vector>

using namespace opal;
using calibration::Block;
using calibration::Layout;

TEST_CASE("a 1080 x 1920 DMD with 10 inputs: places worked out by hand") {
    // Strip: 1080 / 8 = 135 rows, so data rows 0..944. Grid 2 x 5: blocks 472 x 384 (shorter side
    // 384); 3 x 4 would give 315 x 480, 1 x 10 gives 945 x 192.
    const Layout layout(1080, 1920, 10);
    CHECK(layout.grid_rows() == 2);
    CHECK(layout.grid_columns() == 5);
    const Block first = layout.input_block(0);
    CHECK(first.row == 0);  // one row left over: (945 - 944) / 2 = 0
    CHECK(first.column == 0);
    CHECK(first.rows == 472);
    CHECK(first.columns == 384);
    const Block seventh = layout.input_block(7);
    CHECK(seventh.row == 472);
    CHECK(seventh.column == 2 * 384);
    const Block code = layout.code_block(31);
    CHECK(code.row == 945);
    CHECK(code.column == 15 * 60);  // the last block of the code sits in place 15
    CHECK(code.rows == 135);
    CHECK(code.columns == 60);
}

TEST_CASE("every block lies inside the DMD and no mirror belongs to two") {
    struct Case {
        int rows, columns, inputs;
    };
    for (const Case c : {Case{1080, 1920, 1}, Case{1080, 1920, 64}, Case{1140, 912, 10},
                         Case{64, 48, 1000}, Case{2, 32, 32}}) {
        const Layout layout(c.rows, c.columns, c.inputs);
        std::vector<int> owners(static_cast<std::size_t>(c.rows * c.columns), 0);
        const auto count = [&](const Block& b) {
            REQUIRE(b.rows >= 1);
            REQUIRE(b.columns >= 1);
            REQUIRE(b.row >= 0);
            REQUIRE(b.column >= 0);
            REQUIRE(b.row + b.rows <= c.rows);
            REQUIRE(b.column + b.columns <= c.columns);
            for (int row = b.row; row < b.row + b.rows; ++row)
                for (int column = b.column; column < b.column + b.columns; ++column)
                    ++owners[static_cast<std::size_t>(row * c.columns + column)];
        };
        for (int i = 0; i < c.inputs; ++i) count(layout.input_block(i));
        for (int j = 0; j < calibration::code_blocks; ++j) count(layout.code_block(j));
        int most = 0;
        for (const int n : owners) most = std::max(most, n);
        CHECK(most == 1);
    }
}

TEST_CASE("code words: 16 blocks lit, two words share 8 or none") {
    std::array<std::uint32_t, calibration::code_words> words{};
    for (std::uint32_t w = 0; w < calibration::code_words; ++w)
        for (int j = 0; j < calibration::code_blocks; ++j)
            if (Layout::code_bit(w, j)) words[w] |= 1U << j;
    for (std::uint32_t a = 0; a < calibration::code_words; ++a) {
        CHECK(std::popcount(words[a]) == 16);
        for (std::uint32_t b = 0; b < a; ++b) {
            const int shared = std::popcount(words[a] & words[b]);
            CHECK((shared == 8 || (shared == 0 && a == b + 1 && b % 2 == 0)));
        }
    }
    // Word 0 is Walsh function 1 (the parity of bit 0 of the block number), word 1 its complement,
    // word 2 Walsh function 2 (bit 1), word 61 the complement of function 31 (parity of all bits).
    CHECK(words[0] == 0xAAAAAAAAU);
    CHECK(words[1] == 0x55555555U);
    CHECK(words[2] == 0xCCCCCCCCU);
    CHECK(words[61] == 0x69969669U);
}

TEST_CASE("code words stay apart under a narrow beam off centre") {
    // Light of each block under a Gaussian beam of waist 800 mirrors, 120 off centre; static light
    // of a DMD of contrast 400. Fields of different blocks are independent, so two words correlate
    // by the light they share over the root of their powers.
    const Layout layout(1080, 1920, 10);
    std::array<double, calibration::code_blocks> light{};
    double total = 0;
    for (int j = 0; j < calibration::code_blocks; ++j) {
        const Block b = layout.code_block(j);
        const double x = b.column + 0.5 * b.columns - 960 - 120;
        total += light[static_cast<std::size_t>(j)] = std::exp(-2 * x * x / (800.0 * 800.0));
    }
    const double background = 0.13 * total / 2;
    double closest = 0;
    for (std::uint32_t a = 0; a < calibration::code_words; ++a)
        for (std::uint32_t b = 0; b < a; ++b) {
            double shared = background, own = background, other = background;
            for (int j = 0; j < calibration::code_blocks; ++j) {
                const double l = light[static_cast<std::size_t>(j)];
                const bool in_a = Layout::code_bit(a, j);
                const bool in_b = Layout::code_bit(b, j);
                if (in_a) own += l;
                if (in_b) other += l;
                if (in_a && in_b) shared += l;
            }
            closest = std::max(closest, shared / std::sqrt(own * other));
        }
    CHECK(1 / closest > 1.4);
}

TEST_CASE("a drawing lights exactly the asked-for blocks") {
    const Layout layout(64, 96, 6);
    std::vector<std::uint8_t> bits{1, 0, 0, 1, 0, 1};
    hal::BitPattern pattern(3, 3);  // wrong shape: must be replaced
    layout.draw(bits, 5, pattern);
    REQUIRE(pattern.rows() == 64);
    REQUIRE(pattern.columns() == 96);
    std::size_t expected = 0;
    for (int i = 0; i < 6; ++i) {
        const Block b = layout.input_block(i);
        CHECK(pattern.at(b.row, b.column) == (bits[static_cast<std::size_t>(i)] != 0));
        CHECK(pattern.at(b.row + b.rows - 1, b.column + b.columns - 1) ==
              (bits[static_cast<std::size_t>(i)] != 0));
        if (bits[static_cast<std::size_t>(i)] != 0)
            expected += static_cast<std::size_t>(b.rows * b.columns);
    }
    for (int j = 0; j < calibration::code_blocks; ++j) {
        const Block b = layout.code_block(j);
        CHECK(pattern.at(b.row, b.column) == Layout::code_bit(5, j));
        if (Layout::code_bit(5, j)) expected += static_cast<std::size_t>(b.rows * b.columns);
    }
    CHECK(pattern.count_on() == expected);
    layout.draw_without_code(std::vector<std::uint8_t>(6, 0), pattern);
    CHECK(pattern.count_on() == 0);
}

TEST_CASE("impossible layouts are refused") {
    CHECK_THROWS_AS(Layout(1080, 1920, 0), std::invalid_argument);
    CHECK_THROWS_AS(Layout(16, 31, 1), std::invalid_argument);
    CHECK_THROWS_WITH_AS(Layout(16, 32, 14 * 32 + 1),
                         "layout: 449 inputs do not fit a DMD of 16 x 32 mirrors; at most 448 are "
                         "possible",
                         std::invalid_argument);
}

TEST_CASE("a layout's fingerprint: the same patterns, and only they, have the same") {
    CHECK(Layout(1080, 1920, 10).fingerprint() == Layout(1080, 1920, 10).fingerprint());
    CHECK(Layout(1080, 1920, 10).fingerprint() != Layout(1080, 1920, 9).fingerprint());
    CHECK(Layout(1080, 1920, 10).fingerprint() != Layout(1080, 1912, 10).fingerprint());
    // FNV-1a of the packed patterns of 2 x 32 mirrors and one input, by a separate program: the
    // input is row 0, word w lights mirror strip_places[j] of row 1 for each block j of the word.
    // It changes if an input or a block of the code moves, and records are then refused.
    CHECK(Layout(2, 32, 1).fingerprint() == "2adae1ce9d6a4faf");
}
