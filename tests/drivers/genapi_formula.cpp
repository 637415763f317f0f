// Formula: values measured with Aravis' evaluator (what it refuses needlessly excepted), rules of
// precedence, and hostile text.
#include "drivers/genapi/formula.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace opal::drivers::genapi;

namespace {

class Values final : public Formula::Variables {
public:
    std::int64_t integer(const std::string& name) override {
        ++asked;
        if (name == "A") return 10;
        if (name == "B") return 3;
        if (name == "F") return 2;
        if (name == "H") return 0x12345678;
        if (name == "L") return 0x9ABCDEF0;
        throw FormulaError("unknown " + name);
    }
    double number(const std::string& name) override {
        if (name == "F") return 2.5;
        return static_cast<double>(integer(name));
    }
    int asked = 0;
};

struct Row {
    const char* text;
    std::optional<std::int64_t> integer;
    std::optional<double> number;
};

std::optional<std::int64_t> integer_of(const char* text) {
    Values values;
    try {
        return Formula(text).integer(values);
    } catch (const FormulaError&) {
        return std::nullopt;
    }
}

std::optional<double> number_of(const char* text) {
    Values values;
    try {
        return Formula(text).number(values);
    } catch (const FormulaError&) {
        return std::nullopt;
    }
}

}  // namespace

TEST_CASE("formulas give what Aravis' evaluator gives") {
    const Row rows[] = {
        {"7/2", 3, 3.5},
        {"-7/2", -3, -3.5},
        {"-7%3", -1, -1},
        {"2**3**2", 512, 512},
        {"2**-1", 0, 0.5},
        {"1<<4+1", 32, 32},
        {"6&3=3", 0, 0},
        {"1|2^3&2", 1, 1},
        {"0?1:0?2:3", 3, 3},
        {"A>5&&B<2||1", 1, 1},
        {"~5&0xFF", 250, 250},
        {"3>2>1", 0, 0},
        {"(H<<32)|L", 1311768467463790320, 1.3117684674637903e18},
        {"-1>>1", -1, -1},
        {"A/B*B", 9, 10},
        {"F*2", 4, 5},
        {"SGN(-3)", -1, -1},
        {"NEG(3)", -3, -3},
        {"10-3-2", 5, 5},
        {"100/10/2", 5, 5},
        {"5/0", {}, {}},
        {"5%0", {}, {}},
        {"5.0/0", {}, {}},
        {"F%2", 0, 0},
        {"-2**2", 4, 4},
        {"ROUND(2.567,2)", 2, 2.57},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(integer_of(row.text) == row.integer);
        const auto number = number_of(row.text);
        CHECK(number.has_value() == row.number.has_value());
        if (number && row.number) CHECK(*number == doctest::Approx(*row.number).epsilon(1e-12));
    }
}

TEST_CASE("functions in floating point") {
    CHECK(number_of("ROUND(2.5)") == 3.0);
    CHECK(number_of("ROUND(-2.5)") == -3.0);
    CHECK(number_of("TRUNC(-2.7)") == -2.0);
    CHECK(number_of("FLOOR(-2.7)") == -3.0);
    CHECK(number_of("CEIL(2.1)") == 3.0);
    CHECK(*number_of("LG(1000)") == doctest::Approx(3));
    CHECK(*number_of("LN(EXP(1))") == doctest::Approx(1));
    CHECK(*number_of("SIN(0)+COS(0)+TAN(0)+ASIN(0)+ACOS(1)+ATAN(0)") == doctest::Approx(1));
    CHECK(number_of("sqrt(9)+abs(-2)") == 5.0);
    CHECK_FALSE(number_of("SQRT(-1)"));  // no number
    CHECK_FALSE(number_of("LN(0)"));
    CHECK(integer_of("ABS(-7)") == 7);
}

TEST_CASE("numbers and signs as cameras write them") {
    CHECK(integer_of("0xFFFFFFFFFFFFFFFF") == -1);
    CHECK(integer_of("A & 0xFFFFFFFFFFFFFFFF") == 10);
    CHECK(number_of("A & 0xFFFFFFFFFFFFFFFF") == 10.0);
    CHECK(integer_of("010") == 10);  // no octal
    CHECK(number_of("1e-3") == 0.001);
    CHECK(number_of(".5") == 0.5);
    CHECK(integer_of("1 == 1") == 1);
    CHECK(integer_of("1 != 1") == 0);
    CHECK(integer_of("!0 + !5") == 1);
    CHECK(integer_of(" ( A\n=10 ) ? 1\r\n:2 ") == 1);
    CHECK(integer_of("A<>B") == 1);
    CHECK(integer_of("+-+5") == -5);
}

TEST_CASE("64-bit arithmetic wraps, and has no undefined corners") {
    CHECK(integer_of("0x7FFFFFFFFFFFFFFF + 1") == INT64_MIN);
    CHECK(integer_of("0x8000000000000000 / -1") == INT64_MIN);
    CHECK(integer_of("0x8000000000000000 % -1") == 0);
    CHECK(integer_of("ABS(0x8000000000000000)") == INT64_MIN);
    CHECK(integer_of("1 << 64") == 0);
    CHECK(integer_of("-1 >> 200") == -1);
    CHECK_FALSE(integer_of("1 << -1"));
    CHECK_FALSE(integer_of("0 ** -1"));
    CHECK(integer_of("(-1) ** -3") == -1);
    CHECK_FALSE(number_of("1e300 & 1"));  // no 64-bit integer
    CHECK_FALSE(number_of("1e300 * 1e300"));
}

TEST_CASE("what is not chosen is not asked for") {
    Values values;
    CHECK(Formula("1 ? A : NOTHING").integer(values) == 10);
    CHECK(Formula("0 && NOTHING").integer(values) == 0);
    CHECK(Formula("1 || NOTHING").integer(values) == 1);
    CHECK_THROWS_AS(Formula("0 ? A : NOTHING").integer(values), FormulaError);
}

TEST_CASE("text that is no formula is refused, with the place") {
    for (const char* text : {"", " ", "1 +", "(1", "1)", "1 ? 2", "1 2", "FOO(1)", "1 $ 2", "0x",
                             "ROUND(1,", "a b", ":", "1:2", ")", "0xFFFFFFFFFFFFFFFFF"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(Formula{text}, FormulaError);
    }
    try {
        Formula("1 +\n$");
        FAIL("accepted");
    } catch (const FormulaError& error) {
        CHECK(std::string(error.what()) == "formula: expected a value at character 5, before '$'");
    }
}

TEST_CASE("hostile formulas end soon") {
    CHECK_THROWS_AS(Formula{std::string(100000, '1')}, FormulaError);
    CHECK_THROWS_AS(Formula{std::string(60000, '(')}, FormulaError);
    CHECK_THROWS_AS(Formula{std::string(60000, '-')}, FormulaError);
    std::string sum = "1";
    for (int i = 0; i < 20000; ++i) sum += "+1";
    CHECK_THROWS_AS(Formula{sum}, FormulaError);
    // A long table is no harm: each choice takes the place of the one before.
    std::string table;
    for (int i = 0; i < 800; ++i) table += "A=" + std::to_string(100 + i) + "?1:";
    CHECK(integer_of((table + "7").c_str()) == 7);
}
