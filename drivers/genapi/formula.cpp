// Formula: evaluation in 64-bit integers and in double.
#include "drivers/genapi/formula.h"

#include "drivers/genapi/formula_parser.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace opal::drivers::genapi {
namespace {

using Integer = std::int64_t;
using Unsigned = std::uint64_t;

constexpr double two_to_63 = 9223372036854775808.0;

Integer wrapped(Unsigned value) {
    return static_cast<Integer>(value);
}

// The operand of a bit operator: all ones may have come as 2^64 - 1.
Integer bits_of(double value) {
    if (value >= two_to_63 && value < 2 * two_to_63) return wrapped(static_cast<Unsigned>(value));
    return truncated(value);
}
Integer bits_of(Integer value) {
    return value;
}

Integer shifted_left(Integer value, Integer by) {
    if (by < 0) throw FormulaError("formula: a shift by " + std::to_string(by));
    return by > 63 ? 0 : wrapped(static_cast<Unsigned>(value) << by);
}

Integer shifted_right(Integer value, Integer by) {
    if (by < 0) throw FormulaError("formula: a shift by " + std::to_string(by));
    return value >> std::min<Integer>(by, 63);  // arithmetic
}

Integer divided(Integer a, Integer b) {
    if (b == 0) throw FormulaError("formula: division by zero");
    if (b == -1) return wrapped(0 - static_cast<Unsigned>(a));  // -2^63 / -1 has no answer
    return a / b;
}
double divided(double a, double b) {
    if (b == 0) throw FormulaError("formula: division by zero");
    return a / b;
}

Integer remainder_of(Integer a, Integer b) {
    if (b == 0) throw FormulaError("formula: division by zero");
    return b == -1 ? 0 : a % b;
}

Integer power_of(Integer base, Integer exponent) {
    if (exponent < 0) {
        if (base == 0) throw FormulaError("formula: division by zero");
        if (base == 1) return 1;
        if (base == -1) return exponent % 2 == 0 ? 1 : -1;
        return 0;
    }
    Unsigned result = 1;
    auto factor = static_cast<Unsigned>(base);
    for (auto left = static_cast<Unsigned>(exponent); left > 0; left >>= 1) {
        if (left & 1u) result *= factor;
        factor *= factor;
    }
    return wrapped(result);
}
double power_of(double base, double exponent) {
    return std::pow(base, exponent);
}

double rounded_to(double value, Integer digits) {
    if (digits == 0) return std::round(value);
    const double scale = std::pow(10.0, static_cast<double>(digits));
    return std::round(value * scale) / scale;
}

double function(Formula::Operation operation, double x) {
    using O = Formula::Operation;
    switch (operation) {
        case O::sine:
            return std::sin(x);
        case O::cosine:
            return std::cos(x);
        case O::tangent:
            return std::tan(x);
        case O::arc_sine:
            return std::asin(x);
        case O::arc_cosine:
            return std::acos(x);
        case O::arc_tangent:
            return std::atan(x);
        case O::exponential:
            return std::exp(x);
        case O::natural_logarithm:
            return std::log(x);
        case O::decimal_logarithm:
            return std::log10(x);
        case O::square_root:
            return std::sqrt(x);
        case O::truncate:
            return std::trunc(x);
        case O::floor:
            return std::floor(x);
        default:
            return std::ceil(x);
    }
}

}  // namespace

std::int64_t truncated(double value) {
    if (!(value >= -two_to_63 && value < two_to_63))
        throw FormulaError("formula: " + std::to_string(value) + " is no 64-bit integer");
    return static_cast<Integer>(value);
}

std::int64_t rounded(double value) {
    return truncated(std::round(value));
}

Formula::Formula(std::string_view text) {
    last_ = FormulaParser(text, steps_, names_).parse();
}

std::optional<double> Formula::constant(std::string_view name) {
    if (name == "PI") return 3.14159265358979323846;
    if (name == "E") return 2.71828182845904523536;
    return std::nullopt;
}

std::int64_t Formula::integer(Variables& variables) const {
    return evaluate<Integer>(last_, variables);
}

double Formula::number(Variables& variables) const {
    const double value = evaluate<double>(last_, variables);
    if (!std::isfinite(value)) throw FormulaError("formula: the result is no number");
    return value;
}

template <typename Value>
Value Formula::evaluate(std::uint32_t at, Variables& variables) const {
    using O = Operation;
    constexpr bool whole = std::is_same_v<Value, Integer>;
    while (steps_[at].operation == O::choose)
        at = evaluate<Value>(steps_[at].first, variables) != 0 ? steps_[at].second
                                                               : steps_[at].third;
    const Step& step = steps_[at];
    const auto first = [&] { return evaluate<Value>(step.first, variables); };
    const auto second = [&] { return evaluate<Value>(step.second, variables); };
    const auto from_bits = [](Integer bits) { return static_cast<Value>(bits); };
    const auto truth = [](bool holds) { return static_cast<Value>(holds ? 1 : 0); };
    switch (step.operation) {
        case O::constant:
            if constexpr (whole)
                return step.integer;
            else
                return step.number;
        case O::name:
            if constexpr (whole)
                return variables.integer(names_[step.first]);
            else
                return variables.number(names_[step.first]);
        case O::negate:
        case O::negative:
            if constexpr (whole)
                return wrapped(0 - static_cast<Unsigned>(first()));
            else
                return -first();
        case O::invert:
            return from_bits(~bits_of(first()));
        case O::logical_not:
            return truth(first() == 0);
        case O::logical_or:
            return truth(first() != 0 || second() != 0);
        case O::logical_and:
            return truth(first() != 0 && second() != 0);
        default:
            return call<Value>(step, variables);
    }
}

template <typename Value>
Value Formula::call(const Step& step, Variables& variables) const {
    using O = Operation;
    constexpr bool whole = std::is_same_v<Value, Integer>;
    const auto from_bits = [](Integer bits) { return static_cast<Value>(bits); };
    const auto truth = [](bool holds) { return static_cast<Value>(holds ? 1 : 0); };
    const Value a = evaluate<Value>(step.first, variables);
    const auto unsigned_of = [](Value v) {
        if constexpr (whole)
            return static_cast<Unsigned>(v);
        else
            return v;
    };
    if (step.operation >= O::sine) {
        if (step.operation == O::absolute) {
            if constexpr (whole)
                return a < 0 ? wrapped(0 - static_cast<Unsigned>(a)) : a;
            else
                return std::fabs(a);
        }
        if (step.operation == O::sign) return static_cast<Value>((a > 0) - (a < 0));
        double result = 0;
        if (step.operation == O::round) {
            if (whole) return a;
            const Integer digits =
                step.integer == 0 ? 0 : bits_of(evaluate<Value>(step.second, variables));
            result = rounded_to(static_cast<double>(a), digits);
        } else if (whole && step.operation >= O::truncate) {
            return a;
        } else {
            result = function(step.operation, static_cast<double>(a));
        }
        if constexpr (whole)
            return truncated(result);
        else
            return result;
    }
    const Value b = evaluate<Value>(step.second, variables);
    switch (step.operation) {
        case O::bit_or:
            return from_bits(bits_of(a) | bits_of(b));
        case O::bit_xor:
            return from_bits(bits_of(a) ^ bits_of(b));
        case O::bit_and:
            return from_bits(bits_of(a) & bits_of(b));
        case O::equal:
            return truth(a == b);
        case O::unequal:
            return truth(a != b);
        case O::less:
            return truth(a < b);
        case O::less_equal:
            return truth(a <= b);
        case O::greater:
            return truth(a > b);
        case O::greater_equal:
            return truth(a >= b);
        case O::shift_left:
            return from_bits(shifted_left(bits_of(a), bits_of(b)));
        case O::shift_right:
            return from_bits(shifted_right(bits_of(a), bits_of(b)));
        case O::add:
            return static_cast<Value>(unsigned_of(a) + unsigned_of(b));
        case O::subtract:
            return static_cast<Value>(unsigned_of(a) - unsigned_of(b));
        case O::multiply:
            return static_cast<Value>(unsigned_of(a) * unsigned_of(b));
        case O::divide:
            return divided(a, b);
        case O::remainder:
            return from_bits(remainder_of(bits_of(a), bits_of(b)));
        default:
            return power_of(a, b);
    }
}

}  // namespace opal::drivers::genapi
