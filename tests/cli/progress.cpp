// Durations as people read them.
#include "cli/progress.h"

#include <doctest/doctest.h>

#include <limits>

using opal::cli::duration_text;

TEST_CASE("durations") {
    CHECK(duration_text(0) == "0 ms");
    CHECK(duration_text(0.85) == "850 ms");
    CHECK(duration_text(1) == "1 s");
    CHECK(duration_text(59.4) == "59 s");
    CHECK(duration_text(59.6) == "1 min 00 s");
    CHECK(duration_text(185) == "3 min 05 s");
    CHECK(duration_text(7800) == "2 h 10 min");
    CHECK(duration_text(-1) == "?");
    CHECK(duration_text(std::numeric_limits<double>::infinity()) == "?");
}
