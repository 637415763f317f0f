// Formula: the expression language of GenICam descriptions (SwissKnife, Converter), parsed once and
// evaluated in integers or in floating point [GenApi 2.1.1, section 2.8.6].
//
//   ?:  <  ||  <  &&  <  |  <  ^  <  &  <  = <>  <  < <= > >=  <  << >>  <  + -  <  * / %  <  **
//   and above all the unary + - ~ !
//
// "=" is equality. Integer formulas never go through floating point: (HIGH << 32) | LOW keeps all
// its bits. Rule: division by zero, a shift by less than 0 and numbers that do not fit are errors,
// whatever the hardware would do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace opal::drivers::genapi {

struct FormulaError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Formula {
public:
    // Values of the names of a formula, asked for only when needed: `?:`, `&&` and `||` leave out
    // what does not matter.
    class Variables {
    public:
        virtual std::int64_t integer(const std::string& name) = 0;
        virtual double number(const std::string& name) = 0;

    protected:
        ~Variables() = default;
    };

    // Throws FormulaError: where it stopped making sense, or too long or deep.
    explicit Formula(std::string_view text);

    std::int64_t integer(Variables& variables) const;
    double number(Variables& variables) const;

    // PI and E, unless a variable has the name.
    static std::optional<double> constant(std::string_view name);

    enum class Operation : std::uint8_t;
    struct Step {
        Operation operation{};
        std::uint16_t depth = 0;
        std::uint32_t first = 0;  // operands: other steps; for names: which
        std::uint32_t second = 0;
        std::uint32_t third = 0;
        std::int64_t integer = 0;
        double number = 0;
    };

private:
    template <typename Value>
    Value evaluate(std::uint32_t step, Variables& variables) const;
    template <typename Value>
    Value call(const Step& step, Variables& variables) const;

    std::vector<Step> steps_;
    std::vector<std::string> names_;
    std::uint32_t last_ = 0;
};

// A double as an integer, the fraction cut off. Throws FormulaError when it does not fit.
std::int64_t truncated(double value);
// ... to the nearest, halves away from zero.
std::int64_t rounded(double value);

}  // namespace opal::drivers::genapi
