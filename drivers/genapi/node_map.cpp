// NodeMap: checks, then evaluates; faults become DeviceErrors that name device and feature.
#include "drivers/genapi/node_map.h"

#include "drivers/genapi/feature_text.h"

#include <utility>

namespace opal::drivers::genapi {

using hal::DeviceError;
using hal::ErrorKind;

NodeMap::NodeMap(const Description& description, Port& port, const hal::Clock& clock,
                 std::string device)
    : description_(description), evaluator_(description, port, clock), device_(std::move(device)) {}

template <typename Act>
auto NodeMap::guarded(const char* operation, std::string_view name, Act&& act)
    -> decltype(act(std::declval<const Node&>())) {
    const auto fail = [&](ErrorKind kind, std::string text) {
        // Names may be anything a camera sends; a message is one line.
        std::string what = operation + std::string(name);
        for (std::string* const line : {&text, &what})
            for (char& c : *line)
                if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        throw DeviceError(kind, device_, what, text);
    };
    evaluator_.begin_request();
    try {
        return act(evaluator_.at(name));
    } catch (const NodeFault& fault) {
        fail(fault.kind, fault.text);
    } catch (const FormulaError& error) {
        fail(ErrorKind::corrupt, error.what());
    }
    throw std::logic_error("unreachable");
}

bool NodeMap::has(std::string_view name) {
    if (!description_.find(name)) return false;
    return access(name) != Access::not_implemented;
}

Access NodeMap::access(std::string_view name) {
    return guarded("look at ", name, [&](const Node& node) { return evaluator_.access(node); });
}

std::string NodeMap::restriction(std::string_view name) {
    return guarded("look at ", name, [&](const Node& node) {
        std::string why;
        return evaluator_.access(node, &why) == Access::read_write ? std::string() : why;
    });
}

void NodeMap::require_readable(const Node& node) {
    std::string why;
    const Access access = evaluator_.access(node, &why);
    if (is_readable(access)) return;
    const auto kind = access == Access::not_implemented ? ErrorKind::unsupported
                      : access == Access::not_available ? ErrorKind::wrong_state
                                                        : ErrorKind::refused;
    throw NodeFault{kind, why};
}

void NodeMap::require_writable(const Node& node) {
    std::string why;
    const Access access = evaluator_.access(node, &why);
    if (is_writable(access)) return;
    if (access == Access::not_implemented) throw NodeFault{ErrorKind::unsupported, why};
    const bool for_now = access == Access::not_available || why.find(" now ") != std::string::npos;
    throw NodeFault{for_now ? ErrorKind::wrong_state : ErrorKind::refused, why};
}

std::int64_t NodeMap::integer(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        return evaluator_.integer(node);
    });
}

void NodeMap::set_integer(std::string_view name, std::int64_t value) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        evaluator_.set_integer(node, value);
    });
}

IntegerLimits NodeMap::integer_limits(std::string_view name) {
    return guarded("read the limits of ", name,
                   [&](const Node& node) { return evaluator_.integer_limits(node); });
}

double NodeMap::number(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        return evaluator_.number(node);
    });
}

void NodeMap::set_number(std::string_view name, double value) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        evaluator_.set_number(node, value);
    });
}

NumberLimits NodeMap::number_limits(std::string_view name) {
    return guarded("read the limits of ", name,
                   [&](const Node& node) { return evaluator_.number_limits(node); });
}

bool NodeMap::boolean(std::string_view name) {
    return integer(name) != 0;
}

void NodeMap::set_boolean(std::string_view name, bool value) {
    set_integer(name, value ? 1 : 0);
}

std::string NodeMap::symbol_of(const Node& node) {
    const std::int64_t raw = evaluator_.integer(node);
    for (const EnumEntry& entry : node.entries)
        if (evaluator_.entry_value(node, entry) == raw && evaluator_.is_shown(entry))
            return std::string(entry.name);
    throw NodeFault{ErrorKind::corrupt, "the camera says " + std::to_string(raw) +
                                            ", which is none of the values of " +
                                            std::string(node.name)};
}

const EnumEntry& NodeMap::entry_of(const Node& node, std::string_view symbol) {
    std::string possible;
    for (const EnumEntry& entry : node.entries) {
        std::string why;
        const bool shown = evaluator_.is_shown(entry, &why);
        if (entry.name == symbol) {
            if (shown) return entry;
            throw NodeFault{ErrorKind::wrong_state, why};
        }
        if (shown) possible += (possible.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw NodeFault{ErrorKind::out_of_range, "'" + std::string(symbol) + "' asked; possible are " +
                                                 (possible.empty() ? "none" : possible)};
}

std::string NodeMap::symbol(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        return symbol_of(node);
    });
}

void NodeMap::set_symbol(std::string_view name, std::string_view symbol) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        evaluator_.set_integer(node, evaluator_.entry_value(node, entry_of(node, symbol)));
    });
}

std::vector<std::string> NodeMap::symbols(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        std::vector<std::string> symbols;
        for (const EnumEntry& entry : node.entries)
            if (evaluator_.is_shown(entry)) symbols.emplace_back(entry.name);
        return symbols;
    });
}

bool NodeMap::offers(std::string_view name, std::string_view symbol) {
    if (!has(name)) return false;
    for (const std::string& offered : symbols(name))
        if (offered == symbol) return true;
    return false;
}

std::string NodeMap::text(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        return evaluator_.text(node);
    });
}

void NodeMap::set_text(std::string_view name, std::string_view value) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        evaluator_.set_text(node, value);
    });
}

std::vector<std::byte> NodeMap::bytes(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        return evaluator_.bytes(node);
    });
}

void NodeMap::set_bytes(std::string_view name, std::span<const std::byte> value) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        evaluator_.set_bytes(node, value);
    });
}

void NodeMap::execute(std::string_view name) {
    guarded("execute ", name, [&](const Node& node) {
        if (node.kind != Kind::command)
            throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " is no command"};
        require_writable(node);
        evaluator_.set_integer(node, evaluator_.command_value(node));
    });
}

bool NodeMap::done(std::string_view name) {
    return guarded("look at ", name, [&](const Node& node) {
        if (node.kind != Kind::command || !is_readable(evaluator_.access(node))) return true;
        const Node& behind = evaluator_.behind(node);
        if (&behind == &node) return true;
        // The camera clears it by itself: nothing remembered counts.
        evaluator_.forget();
        return evaluator_.integer(behind) != evaluator_.command_value(node);
    });
}

std::string NodeMap::value_text(std::string_view name) {
    return guarded("read ", name, [&](const Node& node) {
        require_readable(node);
        switch (node.kind) {
            case Kind::enumeration:
                return symbol_of(node);
            case Kind::boolean:
                return std::string(evaluator_.integer(node) != 0 ? "true" : "false");
            case Kind::string:
            case Kind::string_register:
                return evaluator_.text(node);
            case Kind::byte_register:
                return bytes_as_text(evaluator_.bytes(node));
            case Kind::category:
            case Kind::port:
            case Kind::command:
                throw NodeFault{ErrorKind::unsupported, std::string(node.name) + " has no value"};
            default:
                return evaluator_.is_fractional(node)
                           ? number_as_text(evaluator_.number(node))
                           : integer_as_text(evaluator_.integer(node), node.representation);
        }
    });
}

void NodeMap::set_value_text(std::string_view name, std::string_view value) {
    guarded("write ", name, [&](const Node& node) {
        require_writable(node);
        const auto unreadable = [&](const char* wanted) -> NodeFault {
            return {ErrorKind::out_of_range, "'" + std::string(value) + "' asked; " +
                                                 std::string(node.name) + " takes " + wanted};
        };
        switch (node.kind) {
            case Kind::enumeration:
                return evaluator_.set_integer(node,
                                              evaluator_.entry_value(node, entry_of(node, value)));
            case Kind::boolean: {
                const auto truth = truth_from_text(value);
                if (!truth) throw unreadable("true or false");
                return evaluator_.set_integer(node, *truth ? 1 : 0);
            }
            case Kind::string:
            case Kind::string_register:
                return evaluator_.set_text(node, value);
            case Kind::byte_register: {
                const auto bytes = bytes_from_text(value);
                if (!bytes) throw unreadable("an even number of hexadecimal digits");
                return evaluator_.set_bytes(node, *bytes);
            }
            default:
                break;
        }
        if (evaluator_.is_fractional(node)) {
            const auto number = number_from_text(value);
            if (!number) throw unreadable("a number");
            return evaluator_.set_number(node, *number);
        }
        const auto number = integer_from_text(value, node.representation);
        if (!number) throw unreadable("a whole number");
        evaluator_.set_integer(node, *number);
    });
}

void NodeMap::attach(std::uint64_t id, std::span<const std::byte> data) {
    evaluator_.attach(id, data);
}

void NodeMap::detach() {
    evaluator_.detach_all();
}

void NodeMap::forget() {
    evaluator_.forget();
}

}  // namespace opal::drivers::genapi
