// BitPattern against hand-typed words and a plain array of bools.
#include "hal/bit_pattern.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using opal::hal::BitPattern;

TEST_CASE("column c is bit c % 64 of word c / 64, and a new pattern is off") {
    BitPattern pattern(2, 70);
    CHECK(pattern.rows() == 2);
    CHECK(pattern.columns() == 70);
    CHECK(pattern.words_per_row() == 2);
    CHECK(pattern.count_on() == 0);

    pattern.set(1, 0, true);
    pattern.set(1, 3, true);
    pattern.set(1, 63, true);
    pattern.set(1, 64, true);
    pattern.set(1, 69, true);
    CHECK(pattern.row_words(0)[0] == 0u);
    CHECK(pattern.row_words(0)[1] == 0u);
    CHECK(pattern.row_words(1)[0] == 0x8000000000000009u);
    CHECK(pattern.row_words(1)[1] == 0x21u);
    CHECK(pattern.count_on() == 5);

    pattern.set(1, 3, false);
    CHECK(pattern.row_words(1)[0] == 0x8000000000000001u);
    CHECK_FALSE(pattern.at(1, 3));
    CHECK(pattern.at(1, 69));
}

TEST_CASE("filling whole rows leaves the padding bits 0") {
    BitPattern pattern(3, 70);
    pattern.fill(0, 0, 3, 70, true);
    CHECK(pattern.count_on() == 210);
    for (int row = 0; row < 3; ++row) {
        CHECK(pattern.row_words(row)[0] == 0xFFFFFFFFFFFFFFFFu);
        CHECK(pattern.row_words(row)[1] == 0x3Fu);
    }
    pattern.fill(0, 0, 3, 70, false);
    CHECK(pattern == BitPattern(3, 70));
}

TEST_CASE("fill agrees with a plain array for rectangles across word boundaries") {
    constexpr int rows = 5;
    constexpr int columns = 200;
    BitPattern pattern(rows, columns);
    std::vector<bool> plain(rows * columns, false);
    std::uint32_t state = 12345;
    const auto below = [&](int limit) {
        state = state * 1664525u + 1013904223u;  // any sequence does; this one is fixed
        return static_cast<int>((state >> 8) % static_cast<std::uint32_t>(limit));
    };
    for (int step = 0; step < 200; ++step) {
        const int row = below(rows);
        const int column = below(columns);
        const int height = below(rows - row + 1);
        const int width = below(columns - column + 1);
        const bool on = below(2) == 1;
        pattern.fill(row, column, height, width, on);
        for (int r = row; r < row + height; ++r)
            for (int c = column; c < column + width; ++c) plain[r * columns + c] = on;
    }
    std::size_t count = 0;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c) {
            REQUIRE(pattern.at(r, c) == plain[r * columns + c]);
            count += plain[r * columns + c] ? 1 : 0;
        }
    CHECK(pattern.count_on() == count);
    // The same mirrors one by one: equal, however the rows came to be.
    BitPattern copied(rows, columns);
    for (int c = columns - 1; c >= 0; --c)
        for (int r = 0; r < rows; ++r) copied.set(r, c, plain[r * columns + c]);
    CHECK(copied == pattern);
    CHECK(pattern == copied);
    copied.set(3, 64, !plain[3 * columns + 64]);
    CHECK(copied != pattern);
    CHECK(copied.count_on() == (plain[3 * columns + 64] ? count - 1 : count + 1));
}

TEST_CASE("rows filled together are stored once, and apart as soon as one of them differs") {
    BitPattern pattern(100, 640);
    const auto place = [&](int row) { return pattern.row_words(row).data(); };
    CHECK(place(0) == place(99));
    pattern.fill(10, 5, 30, 20, true);
    pattern.fill(10, 300, 30, 20, true);
    CHECK(place(10) == place(39));
    CHECK(place(9) != place(10));
    CHECK(place(40) != place(39));
    CHECK(place(40) == place(99));
    CHECK(pattern.end_of_run(0) == 10);
    CHECK(pattern.end_of_run(12) == 40);
    CHECK(pattern.end_of_run(40) == 100);
    BitPattern copy = pattern;
    copy.set(20, 5, false);
    CHECK(copy.row_words(20)[0] == 0x1ffffc0u);  // columns 6 to 24
    CHECK(copy.row_words(19)[0] == 0x1ffffe0u);
    CHECK(copy.row_words(21)[0] == 0x1ffffe0u);
    CHECK(pattern.row_words(20)[0] == 0x1ffffe0u);
    CHECK(copy.count_on() == 30 * 40 - 1);
    copy.fill(0, 0, 100, 640, true);
    CHECK(copy.count_on() == 64000);
    CHECK(copy.row_words(0).data() == copy.row_words(99).data());
}

TEST_CASE("patterns differ by shape and by any mirror") {
    BitPattern a(4, 64);
    BitPattern b(4, 64);
    CHECK(a == b);
    b.set(3, 63, true);
    CHECK(a != b);
    CHECK(BitPattern(4, 64) != BitPattern(4, 63));
}
