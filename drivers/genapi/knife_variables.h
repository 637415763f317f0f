// KnifeVariables: the names of one formula as nodes, constants, expressions and the converter's
// operand; each looked up once per evaluation. Used by the evaluator's own files.
#pragma once

#include "drivers/genapi/evaluator.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace opal::drivers::genapi {

class KnifeVariables final : public Formula::Variables {
public:
    // `operand_name`: TO or FROM, empty for swiss knives.
    KnifeVariables(Evaluator& evaluator, const Node& node, std::string_view operand_name)
        : evaluator_(evaluator), node_(node), operand_name_(operand_name) {}

    void set_operand(std::int64_t value) {
        integer_operand_ = value;
        number_operand_ = static_cast<double>(value);
    }
    void set_operand(double value) { number_operand_ = value; }

    std::int64_t integer(const std::string& name) override;
    double number(const std::string& name) override;

private:
    std::int64_t find_integer(const std::string& name);
    double find_number(const std::string& name);
    const Variable* variable(std::string_view name) const;
    std::optional<std::string_view> expression(std::string_view name) const;
    std::int64_t entry_of(const Variable& variable);
    [[noreturn]] void unknown(const std::string& name) const;

    Evaluator& evaluator_;
    const Node& node_;
    std::string_view operand_name_;
    std::optional<std::int64_t> integer_operand_;
    std::optional<double> number_operand_;
    std::map<std::string, std::int64_t> integers_;
    std::map<std::string, double> numbers_;
    int expressions_open_ = 0;
};

}  // namespace opal::drivers::genapi
