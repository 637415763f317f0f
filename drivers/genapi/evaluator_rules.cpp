// Evaluator: who may do what with a node, and between which limits.
#include "drivers/genapi/evaluator.h"
#include "drivers/genapi/visit.h"

#include <algorithm>
#include <cmath>

namespace opal::drivers::genapi {
namespace {

Access from(AccessMode mode) {
    return mode == AccessMode::read_write   ? Access::read_write
           : mode == AccessMode::write_only ? Access::write_only
                                            : Access::read_only;
}

Access both(Access a, Access b) {
    if (a == Access::not_implemented || b == Access::not_implemented)
        return Access::not_implemented;
    const bool read = is_readable(a) && is_readable(b);
    const bool write = is_writable(a) && is_writable(b);
    if (read && write) return Access::read_write;
    if (read) return Access::read_only;
    return write ? Access::write_only : Access::not_available;
}

void say(std::string* why, const std::string& text) {
    if (why && why->empty()) *why = text;
}

}  // namespace

Access Evaluator::access(const Node& node, std::string* why) {
    const Visit visit(*this, node, for_access);
    const std::string name(node.name);
    if (!node.is_implemented.empty() && integer(at(node.is_implemented)) == 0) {
        say(why, name + " is not implemented (" + std::string(node.is_implemented) + " is 0)");
        return Access::not_implemented;
    }
    if (!node.is_available.empty() && integer(at(node.is_available)) == 0) {
        say(why, name + " is not available now (" + std::string(node.is_available) + " is 0)");
        return Access::not_available;
    }
    Access own = Access::read_write;
    switch (node.kind) {
        case Kind::swiss_knife:
        case Kind::int_swiss_knife:
            own = Access::read_only;
            say(why, name + " is computed");
            break;
        case Kind::category:
            own = Access::read_only;
            break;
        default:
            if (node.reg) {
                own = from(node.reg->access);
                if (has_port_data(node)) own = both(own, Access::read_only);
                if (own != Access::read_write)
                    say(why, name + (is_readable(own) ? " is read-only" : " is write-only"));
            } else if (!node.index.empty() || !node.value.node.empty()) {
                const Source& source = active_source(node);
                if (!source.node.empty()) own = access(at(source.node), why);
            }
    }
    if (node.imposed_access) {
        const Access before = own;
        own = both(own, from(*node.imposed_access));
        if (own != before) say(why, name + (is_readable(own) ? " is read-only" : " is write-only"));
    }
    if (is_writable(own) && !node.is_locked.empty() && integer(at(node.is_locked)) != 0) {
        say(why, name + " is locked now (" + std::string(node.is_locked) + " is not 0)");
        own = both(own, Access::read_only);
    }
    return own;
}

bool Evaluator::is_shown(const EnumEntry& entry, std::string* why) {
    for (const std::string_view condition : {entry.is_implemented, entry.is_available}) {
        if (condition.empty() || integer(at(condition)) != 0) continue;
        say(why, std::string(entry.name) + " is not available now (" + std::string(condition) +
                     " is 0)");
        return false;
    }
    return true;
}

// Limits of what stands behind a converter, as its users see them.
template <typename Limits, typename Convert>
Limits Evaluator::converted(const Node& node, Limits raw, Convert&& convert) {
    const Limits open;
    if (node.formula->slope == Slope::varying || (raw.min == open.min && raw.max == open.max))
        return open;
    Limits limits;
    try {
        const auto a = convert(raw.min);
        const auto b = convert(raw.max);
        limits.min = std::min(a, b);
        limits.max = std::max(a, b);
    } catch (const FormulaError&) {
        return open;  // the formula has no value there: no limit to be told
    }
    return limits;
}

IntegerLimits Evaluator::integer_limits(const Node& node) {
    const Visit visit(*this, node, for_limits);
    if (is_fractional(node)) return {};
    IntegerLimits limits;
    switch (node.kind) {
        case Kind::int_register:
        case Kind::masked_int_register:
            return register_limits(node);
        case Kind::boolean:
            return {0, 1, 1};
        case Kind::int_converter:
            return converted(node, integer_limits(at(node.value.node)), [&](std::int64_t raw) {
                return knife_integer(node, node.formula->formula, raw, "TO");
            });
        case Kind::integer: {
            const Source& source = active_source(node);
            if (!source.node.empty()) {
                const Node& target = at(source.node);
                if (is_fractional(target)) {
                    const NumberLimits inner = number_limits(target);
                    if (std::fabs(inner.min) < 9e18)
                        limits.min = static_cast<std::int64_t>(std::ceil(inner.min));
                    if (std::fabs(inner.max) < 9e18)
                        limits.max = static_cast<std::int64_t>(std::floor(inner.max));
                } else {
                    limits = integer_limits(target);
                }
            }
            break;
        }
        default:
            return limits;
    }
    if (node.min.given()) limits.min = integer_of(node.min, node);
    if (node.max.given()) limits.max = integer_of(node.max, node);
    if (node.inc.given()) limits.inc = std::max<std::int64_t>(1, integer_of(node.inc, node));
    return limits;
}

NumberLimits Evaluator::number_limits(const Node& node) {
    const auto from_integers = [](const IntegerLimits& inner) {
        NumberLimits limits;
        if (inner.min != INT64_MIN) limits.min = static_cast<double>(inner.min);
        if (inner.max != INT64_MAX) limits.max = static_cast<double>(inner.max);
        return limits;
    };
    if (!is_fractional(node)) return from_integers(integer_limits(node));
    const Visit visit(*this, node, for_limits);
    NumberLimits limits;
    if (node.kind == Kind::float_register && register_length(node) == 4) {
        limits.max = 3.4028234663852886e38;
        limits.min = -limits.max;
    } else if (node.kind == Kind::converter) {
        limits = converted(node, number_limits(at(node.value.node)), [&](double raw) {
            return knife_number(node, node.formula->formula, raw, "TO");
        });
        limits.inc.reset();
    } else if (node.kind == Kind::floating) {
        const Source& source = active_source(node);
        if (!source.node.empty()) limits = number_limits(at(source.node));
    }
    if (node.min.given()) limits.min = number_of(node.min, node);
    if (node.max.given()) limits.max = number_of(node.max, node);
    if (node.inc.given()) limits.inc = number_of(node.inc, node);
    return limits;
}

}  // namespace opal::drivers::genapi
