// KnifeVariables: looking names up, in the order of the standard.
#include "drivers/genapi/knife_variables.h"

#include "drivers/genapi/literal.h"

namespace opal::drivers::genapi {
namespace {

using hal::ErrorKind;

constexpr int deepest_expression = 16;

}  // namespace

std::int64_t KnifeVariables::integer(const std::string& name) {
    const auto known = integers_.find(name);
    if (known != integers_.end()) return known->second;
    return integers_[name] = find_integer(name);
}

double KnifeVariables::number(const std::string& name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    return numbers_[name] = find_number(name);
}

std::int64_t KnifeVariables::find_integer(const std::string& name) {
    if (name == operand_name_ && integer_operand_) return *integer_operand_;
    if (const Variable* const v = variable(name)) {
        const Node& node = evaluator_.at(v->node);
        switch (v->property) {
            case Property::min:
                return evaluator_.integer_limits(node).min;
            case Property::max:
                return evaluator_.integer_limits(node).max;
            case Property::inc:
                return evaluator_.integer_limits(node).inc;
            case Property::entry:
                return entry_of(*v);
            case Property::value:
                return evaluator_.integer(node);
        }
    }
    if (const auto text = expression(name)) {
        if (++expressions_open_ > deepest_expression) unknown(name);
        const std::int64_t value = evaluator_.compiled(*text).integer(*this);
        --expressions_open_;
        return value;
    }
    return truncated(find_number(name));
}

double KnifeVariables::find_number(const std::string& name) {
    if (name == operand_name_ && number_operand_) return *number_operand_;
    if (const Variable* const v = variable(name)) {
        const Node& node = evaluator_.at(v->node);
        const bool fractional = evaluator_.is_fractional(node);
        switch (v->property) {
            case Property::min:
                return fractional ? evaluator_.number_limits(node).min
                                  : static_cast<double>(evaluator_.integer_limits(node).min);
            case Property::max:
                return fractional ? evaluator_.number_limits(node).max
                                  : static_cast<double>(evaluator_.integer_limits(node).max);
            case Property::inc:
                return fractional ? evaluator_.number_limits(node).inc.value_or(0)
                                  : static_cast<double>(evaluator_.integer_limits(node).inc);
            case Property::entry:
                return static_cast<double>(entry_of(*v));
            case Property::value:
                return evaluator_.number(node);
        }
    }
    for (const auto& [constant, text] : node_.formula->constants) {
        if (constant != name) continue;
        if (const auto value = parse_number(text)) return *value;
        unknown(name);
    }
    if (const auto text = expression(name)) {
        if (++expressions_open_ > deepest_expression) unknown(name);
        const double value = evaluator_.compiled(*text).number(*this);
        --expressions_open_;
        return value;
    }
    if (const auto value = Formula::constant(name)) return *value;
    unknown(name);
}

const Variable* KnifeVariables::variable(std::string_view name) const {
    for (const Variable& v : node_.formula->variables)
        if (v.name == name) return &v;
    return nullptr;
}

std::optional<std::string_view> KnifeVariables::expression(std::string_view name) const {
    for (const auto& [key, text] : node_.formula->expressions)
        if (key == name) return text;
    return std::nullopt;
}

std::int64_t KnifeVariables::entry_of(const Variable& v) {
    const Node& node = evaluator_.at(v.node);
    for (const EnumEntry& entry : node.entries)
        if (entry.name == v.entry) return evaluator_.entry_value(node, entry);
    unknown(std::string(v.name));
}

void KnifeVariables::unknown(const std::string& name) const {
    throw NodeFault{ErrorKind::corrupt, "the formula of " + std::string(node_.name) + " uses '" +
                                            name + "', which the description does not define"};
}

}  // namespace opal::drivers::genapi
