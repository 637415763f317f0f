// Evaluator: values of nodes, read and written through whatever stands behind them.
#include "drivers/genapi/evaluator.h"

#include "drivers/genapi/knife_variables.h"
#include "drivers/genapi/literal.h"
#include "drivers/genapi/visit.h"

#include <bit>
#include <cmath>

namespace opal::drivers::genapi {

using hal::ErrorKind;

Evaluator::Evaluator(const Description& description, Port& device, const hal::Clock& clock)
    : description_(description),
      device_(device),
      clock_(clock),
      visiting_(description.nodes().size()) {}

const Node& Evaluator::at(std::string_view name) const {
    const Node* const node = description_.find(name);
    if (!node)
        throw NodeFault{ErrorKind::unsupported,
                        "the camera's description has no node '" + std::string(name) + "'"};
    return *node;
}

bool Evaluator::is_fractional(const Node& node) const {
    return node.kind == Kind::floating || node.kind == Kind::float_register ||
           node.kind == Kind::swiss_knife || node.kind == Kind::converter;
}

const Source& Evaluator::active_source(const Node& node) {
    const Source* source = &node.value;
    if (!node.index.empty()) {
        const std::int64_t index = integer(at(node.index));
        source = &node.otherwise;
        for (const auto& [key, indexed] : node.indexed)
            if (key == index) source = &indexed;
    }
    if (!source->given())
        throw NodeFault{ErrorKind::corrupt,
                        "the description gives no value for " + std::string(node.name)};
    return *source;
}

const Node& Evaluator::behind(const Node& node) {
    const Visit visit(*this, node, for_limits);
    if (node.reg || node.kind == Kind::category || node.kind == Kind::port) return node;
    if (!node.index.empty() || !node.value.node.empty()) {
        const Source& source = active_source(node);
        if (!source.node.empty()) return at(source.node);
    }
    return node;
}

std::int64_t Evaluator::integer_of(const Source& source, const Node& owner) {
    if (!source.node.empty()) return integer(at(source.node));
    if (const auto value = parse_integer(source.text)) return *value;
    if (const auto value = parse_number(source.text)) return truncated(*value);
    throw NodeFault{ErrorKind::corrupt, "'" + std::string(source.text) + "' of " +
                                            std::string(owner.name) + " is no number"};
}

double Evaluator::number_of(const Source& source, const Node& owner) {
    if (!source.node.empty()) return number(at(source.node));
    if (const auto value = parse_number(source.text)) return *value;
    throw NodeFault{ErrorKind::corrupt, "'" + std::string(source.text) + "' of " +
                                            std::string(owner.name) + " is no number"};
}

const Formula& Evaluator::compiled(std::string_view text) {
    auto& formula = formulas_[text.data()];
    if (!formula) formula = std::make_unique<Formula>(text);
    return *formula;
}

std::int64_t Evaluator::knife_integer(const Node& node, std::string_view formula,
                                      std::optional<std::int64_t> operand,
                                      std::string_view operand_name) {
    KnifeVariables variables(*this, node, operand_name);
    if (operand) variables.set_operand(*operand);
    return compiled(formula).integer(variables);
}

double Evaluator::knife_number(const Node& node, std::string_view formula,
                               std::optional<double> operand, std::string_view operand_name) {
    KnifeVariables variables(*this, node, operand_name);
    if (operand) variables.set_operand(*operand);
    return compiled(formula).number(variables);
}

std::int64_t Evaluator::integer(const Node& node) {
    if (is_fractional(node)) return truncated(number(node));
    const Visit visit(*this, node, for_value);
    switch (node.kind) {
        case Kind::integer:
        case Kind::enumeration:
        case Kind::command:
        case Kind::boolean: {
            const Source& source = active_source(node);
            const auto own = own_integers_.find(&node);
            const std::int64_t raw = source.node.empty() && own != own_integers_.end()
                                         ? own->second
                                         : integer_of(source, node);
            if (node.kind != Kind::boolean) return raw;
            return raw == (node.on.given() ? integer_of(node.on, node) : 1) ? 1 : 0;
        }
        case Kind::int_register:
        case Kind::masked_int_register:
            return register_integer(node);
        case Kind::int_swiss_knife:
            return knife_integer(node, node.formula->formula, {}, {});
        case Kind::int_converter:
            return knife_integer(node, node.formula->formula, integer(at(node.value.node)), "TO");
        default:
            throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " is a " +
                                                        std::string(to_string(node.kind)) +
                                                        " and has no number"};
    }
}

double Evaluator::number(const Node& node) {
    if (!is_fractional(node)) return static_cast<double>(integer(node));
    const Visit visit(*this, node, for_value);
    switch (node.kind) {
        case Kind::floating: {
            const Source& source = active_source(node);
            const auto own = own_numbers_.find(&node);
            return source.node.empty() && own != own_numbers_.end() ? own->second
                                                                    : number_of(source, node);
        }
        case Kind::float_register: {
            const auto raw = read_register(node);
            std::uint64_t bits = 0;
            for (std::size_t i = 0; i < raw.size(); ++i)
                bits = bits << 8 | std::to_integer<std::uint64_t>(
                                       raw[node.reg->big_endian ? i : raw.size() - 1 - i]);
            return raw.size() == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))}
                                   : std::bit_cast<double>(bits);
        }
        case Kind::swiss_knife:
            return knife_number(node, node.formula->formula, {}, {});
        default:
            return knife_number(node, node.formula->formula, number(at(node.value.node)), "TO");
    }
}

std::int64_t Evaluator::command_value(const Node& node) {
    return node.command_value.given() ? integer_of(node.command_value, node) : 1;
}

std::int64_t Evaluator::entry_value(const Node& node, const EnumEntry& entry) {
    return integer_of({entry.value, {}}, node);
}

void Evaluator::set_source(const Node& node, std::int64_t value) {
    const Source& source = active_source(node);
    if (source.node.empty()) {
        own_integers_[&node] = value;
        cache_.clear();
    } else {
        set_integer(at(source.node), value);
    }
    for (const std::string_view copy : node.value_copies) set_integer(at(copy), value);
}

void Evaluator::set_source(const Node& node, double value) {
    const Source& source = active_source(node);
    if (source.node.empty()) {
        own_numbers_[&node] = value;
        cache_.clear();
    } else {
        set_number(at(source.node), value);
    }
    for (const std::string_view copy : node.value_copies) set_number(at(copy), value);
}

void Evaluator::set_integer(const Node& node, std::int64_t value) {
    if (is_fractional(node)) return set_number(node, static_cast<double>(value));
    const std::string name(node.name);
    switch (node.kind) {
        case Kind::integer: {
            const IntegerLimits limits = integer_limits(node);
            const auto above =
                static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(limits.min);
            const bool off_step =
                limits.inc > 1 && above % static_cast<std::uint64_t>(limits.inc) != 0;
            if (value < limits.min || value > limits.max || off_step)
                throw NodeFault{ErrorKind::out_of_range,
                                std::to_string(value) + " asked; " + name + " takes " +
                                    std::to_string(limits.min) + " to " +
                                    std::to_string(limits.max) + " in steps of " +
                                    std::to_string(limits.inc)};
            const Visit visit(*this, node, for_value);
            return set_source(node, value);
        }
        case Kind::boolean: {
            const Visit visit(*this, node, for_value);
            const Source& raw = value != 0 ? node.on : node.off;
            return set_source(
                node, raw.given() ? integer_of(raw, node) : std::int64_t{value != 0 ? 1 : 0});
        }
        case Kind::enumeration:
        case Kind::command: {
            const Visit visit(*this, node, for_value);
            return set_source(node, value);
        }
        case Kind::int_register:
        case Kind::masked_int_register: {
            const Visit visit(*this, node, for_value);
            return set_register_integer(node, value);
        }
        case Kind::int_converter: {
            const Visit visit(*this, node, for_value);
            const std::int64_t raw = knife_integer(node, node.formula->to_raw, value, "FROM");
            return set_integer(at(node.value.node), raw);
        }
        default:
            throw NodeFault{
                ErrorKind::unsupported,
                name + " is a " + std::string(to_string(node.kind)) + " and takes no number"};
    }
}

void Evaluator::set_number(const Node& node, double value) {
    if (!std::isfinite(value))
        throw NodeFault{ErrorKind::out_of_range,
                        std::string(node.name) + " takes no value that is not finite"};
    if (!is_fractional(node)) return set_integer(node, rounded(value));
    switch (node.kind) {
        case Kind::floating: {
            const NumberLimits limits = number_limits(node);
            if (value < limits.min || value > limits.max)
                throw NodeFault{ErrorKind::out_of_range,
                                std::to_string(value) + " asked; " + std::string(node.name) +
                                    " takes " + std::to_string(limits.min) + " to " +
                                    std::to_string(limits.max) + " " + std::string(node.unit)};
            const Visit visit(*this, node, for_value);
            return set_source(node, value);
        }
        case Kind::float_register: {
            const Visit visit(*this, node, for_value);
            std::vector<std::byte> raw(register_length(node));
            std::uint64_t bits = raw.size() == 4
                                     ? std::bit_cast<std::uint32_t>(static_cast<float>(value))
                                     : std::bit_cast<std::uint64_t>(value);
            for (std::size_t i = 0; i < raw.size(); ++i, bits >>= 8)
                raw[node.reg->big_endian ? raw.size() - 1 - i : i] =
                    static_cast<std::byte>(bits & 0xFFu);
            return write_register(node, raw);
        }
        case Kind::converter: {
            const Visit visit(*this, node, for_value);
            const double raw = knife_number(node, node.formula->to_raw, value, "FROM");
            return set_number(at(node.value.node), raw);
        }
        default:
            throw NodeFault{ErrorKind::refused,
                            std::string(node.name) + " is computed and cannot be written"};
    }
}

}  // namespace opal::drivers::genapi
