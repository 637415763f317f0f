// FormulaParser: text of a formula -> its steps, by precedence climbing. Used by Formula alone.
#pragma once

#include "drivers/genapi/formula.h"

#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

enum class Formula::Operation : std::uint8_t {
    constant,
    name,
    negate,
    invert,
    logical_not,
    choose,
    logical_or,
    logical_and,
    bit_or,
    bit_xor,
    bit_and,
    equal,
    unequal,
    less,
    less_equal,
    greater,
    greater_equal,
    shift_left,
    shift_right,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    power,
    // Functions.
    sine,
    cosine,
    tangent,
    arc_sine,
    arc_cosine,
    arc_tangent,
    absolute,
    sign,
    negative,
    exponential,
    natural_logarithm,
    decimal_logarithm,
    square_root,
    truncate,
    floor,
    ceiling,
    round,
};

class FormulaParser {
public:
    FormulaParser(std::string_view text, std::vector<Formula::Step>& steps,
                  std::vector<std::string>& names);
    std::uint32_t parse();  // the last step

private:
    using Operation = Formula::Operation;
    struct Binary {
        Operation operation{};
        int precedence = 0;
        std::size_t length = 0;
    };

    std::uint32_t choice(int depth);
    std::uint32_t binary(int least, int depth);
    std::uint32_t unary(int depth);
    std::uint32_t primary(int depth);
    std::uint32_t number();
    std::uint32_t named(int depth);
    Binary next_binary();
    std::uint32_t add(Formula::Step step, int operands);
    void skip_space();
    bool take(std::string_view token);
    void expect(char c);
    [[noreturn]] void fail(const std::string& what) const;

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Formula::Step>& steps_;
    std::vector<std::string>& names_;
};

}  // namespace opal::drivers::genapi
