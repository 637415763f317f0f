// FormulaParser: tokens, precedence, and limits that keep hostile formulas small.
#include "drivers/genapi/formula_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace opal::drivers::genapi {
namespace {

// The longest formula of 26 camera files has 2043 characters.
constexpr std::size_t longest_formula = 65536;
// Brackets and choices inside each other while parsing, and steps inside each other while
// evaluating: nodes refer to nodes, so the stack has to hold many formulas at once.
constexpr int deepest = 1000;
constexpr int deepest_step = 400;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

}  // namespace

FormulaParser::FormulaParser(std::string_view text, std::vector<Formula::Step>& steps,
                             std::vector<std::string>& names)
    : text_(text), steps_(steps), names_(names) {}

std::uint32_t FormulaParser::parse() {
    if (text_.size() > longest_formula)
        throw FormulaError("a formula of " + std::to_string(text_.size()) +
                           " characters; at most " + std::to_string(longest_formula) +
                           " are taken");
    const std::uint32_t last = choice(0);
    skip_space();
    if (at_ != text_.size()) fail("expected an operator");
    return last;
}

std::uint32_t FormulaParser::choice(int depth) {
    if (depth > deepest) fail("it is nested too deeply");
    const std::uint32_t condition = binary(1, depth);
    skip_space();
    if (!take("?")) return condition;
    const std::uint32_t yes = choice(depth + 1);
    expect(':');
    const std::uint32_t no = choice(depth + 1);
    return add({Operation::choose, 0, condition, yes, no, 0, 0}, 3);
}

FormulaParser::Binary FormulaParser::next_binary() {
    using O = Operation;
    // Longer signs before their beginnings.
    static constexpr std::array<std::pair<std::string_view, Binary>, 21> operators{{
        {"||", {O::logical_or, 1, 2}}, {"&&", {O::logical_and, 2, 2}},
        {"**", {O::power, 11, 2}},     {"==", {O::equal, 6, 2}},
        {"!=", {O::unequal, 6, 2}},    {"<>", {O::unequal, 6, 2}},
        {"<=", {O::less_equal, 7, 2}}, {">=", {O::greater_equal, 7, 2}},
        {"<<", {O::shift_left, 8, 2}}, {">>", {O::shift_right, 8, 2}},
        {"|", {O::bit_or, 3, 1}},      {"^", {O::bit_xor, 4, 1}},
        {"&", {O::bit_and, 5, 1}},     {"=", {O::equal, 6, 1}},
        {"<", {O::less, 7, 1}},        {">", {O::greater, 7, 1}},
        {"+", {O::add, 9, 1}},         {"-", {O::subtract, 9, 1}},
        {"*", {O::multiply, 10, 1}},   {"/", {O::divide, 10, 1}},
        {"%", {O::remainder, 10, 1}},
    }};
    skip_space();
    for (const auto& [sign, binary] : operators)
        if (text_.substr(at_).starts_with(sign)) return binary;
    return {};
}

std::uint32_t FormulaParser::binary(int least, int depth) {
    std::uint32_t left = unary(depth);
    for (;;) {
        const Binary next = next_binary();
        if (next.precedence == 0 || next.precedence < least) return left;
        at_ += next.length;
        const bool from_right = next.operation == Operation::power;
        const std::uint32_t right =
            binary(from_right ? next.precedence : next.precedence + 1, depth + 1);
        left = add({next.operation, 0, left, right, 0, 0, 0}, 2);
    }
}

std::uint32_t FormulaParser::unary(int depth) {
    if (depth > deepest) fail("it is nested too deeply");
    skip_space();
    if (take("+")) return unary(depth + 1);
    const auto apply = [&](Operation operation) {
        return add({operation, 0, unary(depth + 1), 0, 0, 0, 0}, 1);
    };
    if (take("-")) return apply(Operation::negate);
    if (take("~")) return apply(Operation::invert);
    if (!text_.substr(at_).starts_with("!=") && take("!")) return apply(Operation::logical_not);
    return primary(depth);
}

std::uint32_t FormulaParser::primary(int depth) {
    skip_space();
    if (at_ == text_.size()) fail("it ends where a value is needed");
    const char c = text_[at_];
    if (take("(")) {
        const std::uint32_t inside = choice(depth + 1);
        expect(')');
        return inside;
    }
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return named(depth);
    fail("expected a value");
}

std::uint32_t FormulaParser::number() {
    Formula::Step step;
    step.operation = Operation::constant;
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    if (text_.substr(at_).starts_with("0x") || text_.substr(at_).starts_with("0X")) {
        std::uint64_t value = 0;
        const auto [stop, error] = std::from_chars(begin + 2, end, value, 16);
        if (error != std::errc{}) fail("expected a hexadecimal number of at most 64 bits");
        at_ += static_cast<std::size_t>(stop - begin);
        step.integer = static_cast<std::int64_t>(value);  // 0xFFFFFFFFFFFFFFFF is all ones
        step.number = static_cast<double>(step.integer);
        return add(step, 0);
    }
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc{}) fail("expected a number");
    std::uint64_t whole = 0;
    const auto [whole_stop, whole_error] = std::from_chars(begin, end, whole, 10);
    if (whole_error == std::errc{} && whole_stop == stop) {
        step.integer = static_cast<std::int64_t>(whole);
    } else {
        constexpr double two_to_63 = 9223372036854775808.0;
        step.integer = value < two_to_63 ? static_cast<std::int64_t>(value) : INT64_MAX;
    }
    step.number = value;
    at_ += static_cast<std::size_t>(stop - begin);
    return add(step, 0);
}

std::uint32_t FormulaParser::named(int depth) {
    using O = Operation;
    static constexpr std::array<std::pair<std::string_view, Operation>, 17> functions{{
        {"SIN", O::sine},
        {"COS", O::cosine},
        {"TAN", O::tangent},
        {"ASIN", O::arc_sine},
        {"ACOS", O::arc_cosine},
        {"ATAN", O::arc_tangent},
        {"ABS", O::absolute},
        {"SGN", O::sign},
        {"NEG", O::negative},
        {"EXP", O::exponential},
        {"LN", O::natural_logarithm},
        {"LG", O::decimal_logarithm},
        {"SQRT", O::square_root},
        {"TRUNC", O::truncate},
        {"FLOOR", O::floor},
        {"CEIL", O::ceiling},
        {"ROUND", O::round},
    }};
    std::size_t end = at_;
    while (end < text_.size() &&
           (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '.'))
        ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    at_ = end;
    skip_space();
    if (at_ < text_.size() && text_[at_] == '(') {
        const std::string wanted = upper(name);
        const auto function = std::find_if(functions.begin(), functions.end(),
                                           [&](const auto& f) { return f.first == wanted; });
        if (function == functions.end()) fail("there is no function " + std::string(name));
        ++at_;
        Formula::Step step;
        step.operation = function->second;
        step.first = choice(depth + 1);
        int operands = 1;
        if (step.operation == Operation::round) {
            skip_space();
            if (take(",")) {
                step.second = choice(depth + 1);
                step.integer = 1;  // has digits
                operands = 2;
            }
        }
        expect(')');
        return add(step, operands);
    }
    const auto known = std::find(names_.begin(), names_.end(), name);
    Formula::Step step;
    step.operation = Operation::name;
    step.first = static_cast<std::uint32_t>(known - names_.begin());
    if (known == names_.end()) names_.emplace_back(name);
    return add(step, 0);
}

std::uint32_t FormulaParser::add(Formula::Step step, int operands) {
    int depth = 0;
    if (operands > 0) depth = steps_[step.first].depth + 1;
    // The chosen branch takes the place of the choice.
    const int branch = step.operation == Operation::choose ? 0 : 1;
    if (operands > 1) depth = std::max(depth, steps_[step.second].depth + branch);
    if (operands > 2) depth = std::max(depth, steps_[step.third].depth + branch);
    if (depth > deepest_step) fail("it is nested too deeply");
    step.depth = static_cast<std::uint16_t>(depth);
    steps_.push_back(step);
    return static_cast<std::uint32_t>(steps_.size() - 1);
}

void FormulaParser::skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool FormulaParser::take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
}

void FormulaParser::expect(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) fail(std::string("expected '") + c + "'");
    ++at_;
}

void FormulaParser::fail(const std::string& what) const {
    // A message is one line, and need not repeat a whole formula.
    constexpr std::size_t shown = 40;
    std::string near(text_.substr(std::min(at_, text_.size()), shown));
    for (char& ch : near)
        if (static_cast<unsigned char>(ch) < 0x20) ch = ' ';
    throw FormulaError("formula: " + what + " at character " + std::to_string(at_ + 1) +
                       (near.empty() ? ", its end" : ", before '" + near + "'"));
}

}  // namespace opal::drivers::genapi
