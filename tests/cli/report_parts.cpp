// What the report is made of, against published vectors and closed forms.
#include "cli/report/page.h"
#include "cli/report/picture.h"
#include "cli/report/plot.h"
#include "cli/report/png.h"
#include "cli/report/program.h"
#include "cli/report/statistics.h"
#include "tests/cli/scratch_folder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string>
#include <vector>

using namespace opal::cli;

TEST_CASE("base64: the vectors of RFC 4648, section 10") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("png: a foreign program unpacks the pixels that were packed") {
    if (std::system("/usr/bin/python3 -c 'import zlib, struct'") != 0) {
        MESSAGE("skipped: python3 is not installed");
        return;
    }
    const std::vector<Rgb> pixels{{1, 2, 3},       {4, 5, 6}, {7, 8, 9},
                                  {250, 251, 252}, {0, 0, 0}, {255, 255, 255}};
    const std::string png = encode_png(2, 3, pixels);
    // Walks the chunks, checks every checksum, unpacks the rows.
    const std::string program =
        "import sys, zlib, struct\n"
        "b = sys.stdin.buffer.read()\n"
        "assert b[:8] == b'\\x89PNG\\r\\n\\x1a\\n'\n"
        "at, data, kinds = 8, b'', []\n"
        "while at < len(b):\n"
        "    n, = struct.unpack('>I', b[at:at + 4])\n"
        "    kind, body = b[at + 4:at + 8], b[at + 8:at + 8 + n]\n"
        "    assert struct.unpack('>I', b[at + 8 + n:at + 12 + n])[0] == zlib.crc32(kind + body)\n"
        "    kinds.append(kind)\n"
        "    if kind == b'IHDR': assert body == struct.pack('>IIBBBBB', 3, 2, 8, 2, 0, 0, 0)\n"
        "    if kind == b'IDAT': data += body\n"
        "    at += 12 + n\n"
        "assert kinds == [b'IHDR', b'IDAT', b'IEND']\n"
        "rows = zlib.decompress(data)\n"
        "assert rows == bytes([0,1,2,3,4,5,6,7,8,9, 0,250,251,252,0,0,0,255,255,255]), rows\n"
        "print('ok')\n";
    const auto answer =
        run_program({"/usr/bin/python3", "-c", program}, png, std::chrono::seconds(60));
    REQUIRE(answer.has_value());
    CHECK(*answer == "ok\n");
}

TEST_CASE("programs: output, failure, absence and patience") {
    const std::chrono::seconds minute(60);
    CHECK(run_program({"cat"}, "through", minute) == "through");
    const std::string much(1 << 20, 'x');
    CHECK(run_program({"cat"}, much, minute) == much);
    CHECK_FALSE(run_program({"false"}, "", minute).has_value());
    CHECK_FALSE(run_program({"no-such-program-anywhere"}, "", minute).has_value());
    CHECK_FALSE(run_program({"sleep", "600"}, "", std::chrono::seconds(1)).has_value());
}

TEST_CASE("histogram: counts, edges and normalisation") {
    const std::vector<double> values{0, 0.5, 0.5, 1.5, 2.5, 3.999, 4, -0.1};
    const Histogram h = histogram(values, 0, 4, 4);
    CHECK(h.centre == std::vector<double>{0.5, 1.5, 2.5, 3.5});
    // 8 values, bins of width 1: three, one, one, one inside; two outside.
    CHECK(h.density == std::vector<double>{3.0 / 8, 1.0 / 8, 1.0 / 8, 1.0 / 8});
}

TEST_CASE("singular values: edges, mean square and the quarter circle") {
    for (const double ratio : {0.01, 0.25, 1.0}) {
        const auto law = singular_value_law(ratio, 1000);
        CHECK(law.low == doctest::Approx(1 - std::sqrt(ratio)));
        CHECK(law.high == doctest::Approx(1 + std::sqrt(ratio)));
        double squares = 0;
        for (const double s : law.quantile) {
            squares += s * s / 1000;
            CHECK(s >= law.low);
            CHECK(s <= law.high);
        }
        // The mean of s^2 is the variance of an entry, 1; 1000 quantiles are a midpoint rule.
        CHECK(squares == doctest::Approx(1).epsilon(2e-3));
        CHECK(std::is_sorted(law.quantile.rbegin(), law.quantile.rend()));
    }
    // Ratio 1: density of s is sqrt(4 - s^2) / pi on [0, 2], whose distribution function is
    // (s sqrt(4 - s^2) / 2 + 2 asin(s / 2)) / pi.
    const auto quarter = singular_value_law(1, 9);
    for (int k = 0; k < 9; ++k) {
        const double s = quarter.quantile[static_cast<std::size_t>(k)];
        const double below =
            (s * std::sqrt(4 - s * s) / 2 + 2 * std::asin(s / 2)) / std::numbers::pi;
        CHECK(1 - below == doctest::Approx((k + 0.5) / 9).epsilon(2e-3));
    }
}

TEST_CASE("colours: the ends of every map, and phase comes round") {
    CHECK(colour_of(Colours::grey, 0).red == 0);
    CHECK(colour_of(Colours::grey, 1).blue == 255);
    CHECK(colour_of(Colours::grey, 7).blue == 255);
    const auto same = [](Rgb a, Rgb b) {
        return a.red == b.red && a.green == b.green && a.blue == b.blue;
    };
    CHECK(same(colour_of(Colours::phase, 0), colour_of(Colours::phase, 1)));
    CHECK_FALSE(same(colour_of(Colours::phase, 0), colour_of(Colours::phase, 0.5)));
    // Lightness of the map for amplitudes rises all the way: it must also read in grey.
    double before = -1;
    for (int k = 0; k <= 50; ++k) {
        const Rgb c = colour_of(Colours::light, k / 50.0);
        const double luminance = 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
        CHECK(luminance > before);
        before = luminance;
    }
}

TEST_CASE("text from outside cannot become markup or a gnuplot command") {
    CHECK(escaped("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
    const std::string script = gnuplot_script(
        {.label = "l",
         .x_axis = "it's",
         .y_axis = "y",
         .series = {{.label = "'; system('ls", .x = {1, 2}, .y = {3, std::nan("")}}}});
    CHECK(script.find("'it''s'") != std::string::npos);
    CHECK(script.find("'''; system(''ls'") != std::string::npos);
    CHECK(script.find("1 3 0\n") != std::string::npos);
    CHECK(script.find("nan") == std::string::npos);
}

TEST_CASE("pages number figures and list sections") {
    Page page("A & B");
    page.section("One", "one");
    page.figure({"<svg></svg>", ""}, "See.", "worse");
    page.figure({}, "Again.", "");
    const std::string html = page.html();
    CHECK(html.find("<title>A &amp; B</title>") != std::string::npos);
    CHECK(html.find("<a href=\"#one\">One</a>") != std::string::npos);
    CHECK(html.find("<b>Figure 1.</b> See. <b>Bad would be:</b> worse") != std::string::npos);
    CHECK(html.find("<b>Figure 2.</b> Again.</figcaption>") != std::string::npos);
}
