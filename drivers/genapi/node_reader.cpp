// NodeReader: which element becomes what.
#include "drivers/genapi/node_reader.h"

#include "drivers/genapi/description.h"
#include "drivers/genapi/literal.h"

#include <algorithm>
#include <array>

namespace opal::drivers::genapi {
namespace {

constexpr std::size_t most_nodes = 500000;
constexpr int deepest_group = 64;
constexpr std::size_t most_notes = 100;

constexpr std::array<std::pair<std::string_view, Kind>, 17> kinds{{
    {"Category", Kind::category},
    {"Integer", Kind::integer},
    {"Float", Kind::floating},
    {"Boolean", Kind::boolean},
    {"Enumeration", Kind::enumeration},
    {"Command", Kind::command},
    {"String", Kind::string},
    {"IntReg", Kind::int_register},
    {"MaskedIntReg", Kind::masked_int_register},
    {"FloatReg", Kind::float_register},
    {"StringReg", Kind::string_register},
    {"Register", Kind::byte_register},
    {"SwissKnife", Kind::swiss_knife},
    {"IntSwissKnife", Kind::int_swiss_knife},
    {"Converter", Kind::converter},
    {"IntConverter", Kind::int_converter},
    {"Port", Kind::port},
}};

// Without the namespace's prefix.
std::string_view local_name(const pugi::xml_node& element) {
    const std::string_view name = element.name();
    const std::size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool is_register(Kind kind) {
    return kind == Kind::int_register || kind == Kind::masked_int_register ||
           kind == Kind::float_register || kind == Kind::string_register ||
           kind == Kind::byte_register;
}

bool has_formula(Kind kind) {
    return kind == Kind::swiss_knife || kind == Kind::int_swiss_knife || kind == Kind::converter ||
           kind == Kind::int_converter;
}

AccessMode access_of(std::string_view text) {
    if (text == "RW") return AccessMode::read_write;
    return text == "WO" ? AccessMode::write_only : AccessMode::read_only;
}

bool is_yes(std::string_view text) {
    return text == "Yes" || text == "yes" || text == "true" || text == "1";
}

// What the standard defines and nobody here needs.
bool is_ignored(std::string_view tag) {
    static constexpr std::array<std::string_view, 17> ignored{
        "Extension",  "pError",        "pAlias",          "pCastAlias",    "DocuURL",
        "EventID",    "IsDeprecated",  "DisplayNotation", "pBlockPolling", "ImportantMergeNode",
        "IsLinear",   "SwapEndianess", "CacheChunkData",  "NumericValue",  "Symbolic",
        "pSelecting", "MergePriority"};
    return std::find(ignored.begin(), ignored.end(), tag) != ignored.end();
}

}  // namespace

std::string_view to_string(Kind kind) {
    for (const auto& [name, k] : kinds)
        if (k == kind) return name;
    return "node";
}

void NodeReader::read(const pugi::xml_node& root) {
    read_group(root, 0);
}

void NodeReader::read_group(const pugi::xml_node& group, int depth) {
    if (depth > deepest_group)
        throw DescriptionError("camera description: groups inside groups, more than " +
                               std::to_string(deepest_group) + " deep");
    for (const pugi::xml_node& element : group.children()) {
        if (element.type() != pugi::node_element) continue;
        const std::string_view tag = local_name(element);
        const auto kind =
            std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == tag; });
        if (kind != kinds.end()) {
            read_node(element, kind->second);
        } else if (tag == "Group") {
            read_group(element, depth + 1);
        } else if (tag == "StructReg") {
            read_struct(element);
        } else if (!is_ignored(tag)) {
            note("skipped element " + std::string(tag));
        }
    }
}

Node& NodeReader::append(Kind kind, std::string_view name) {
    if (nodes_.size() >= most_nodes)
        throw DescriptionError("camera description: more than " + std::to_string(most_nodes) +
                               " nodes");
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.name = name;
    if (is_register(kind)) node.reg = std::make_unique<RegisterPart>();
    if (has_formula(kind)) node.formula = std::make_unique<FormulaPart>();
    return node;
}

void NodeReader::read_node(const pugi::xml_node& element, Kind kind) {
    const std::string_view name = trimmed(element.attribute("Name").value());
    if (name.empty()) return note("skipped a " + std::string(element.name()) + " without a name");
    append(kind, name);
    const std::size_t at = nodes_.size() - 1;
    // Children may append nodes of their own, so the node is looked up anew for each.
    for (const pugi::xml_node& child : element.children())
        if (child.type() == pugi::node_element) read_child(child, nodes_[at]);
}

// Its entries are registers that share address, length and port.
void NodeReader::read_struct(const pugi::xml_node& element) {
    Node shared;
    shared.name = trimmed(element.attribute("Name").value());
    shared.kind = Kind::masked_int_register;
    shared.reg = std::make_unique<RegisterPart>();
    for (const pugi::xml_node& child : element.children())
        if (child.type() == pugi::node_element && local_name(child) != "StructEntry")
            read_child(child, shared);
    for (const pugi::xml_node& entry : element.children()) {
        if (entry.type() != pugi::node_element || local_name(entry) != "StructEntry") continue;
        const std::string_view name = trimmed(entry.attribute("Name").value());
        if (name.empty()) {
            note("skipped a StructEntry without a name");
            continue;
        }
        append(Kind::masked_int_register, name);
        const std::size_t at = nodes_.size() - 1;
        Node& node = nodes_[at];
        *node.reg = *shared.reg;
        node.visibility = shared.visibility;
        node.imposed_access = shared.imposed_access;
        node.is_implemented = shared.is_implemented;
        node.is_available = shared.is_available;
        node.is_locked = shared.is_locked;
        node.invalidators = shared.invalidators;
        for (const pugi::xml_node& child : entry.children())
            if (child.type() == pugi::node_element) read_child(child, nodes_[at]);
    }
}

void NodeReader::read_child(const pugi::xml_node& child, Node& node) {
    const std::string_view tag = local_name(child);
    if (is_ignored(tag) && !(node.kind == Kind::port && tag == "EventID")) return;
    if (node.reg && read_register_child(tag, child, node)) return;
    if (node.formula && read_formula_child(tag, child, node)) return;
    if (read_source(tag, child, node) || read_value_child(tag, child, node)) return;
    note("skipped " + std::string(tag) + " of " + std::string(node.name));
}

bool NodeReader::read_register_child(std::string_view tag, const pugi::xml_node& child,
                                     Node& node) {
    RegisterPart& reg = *node.reg;
    const auto number = [&](int& into) {
        const auto value = parse_integer(text_of(child));
        into = value && *value >= 0 && *value < 65536 ? static_cast<int>(*value) : -1;
    };
    if (tag == "Address") {
        reg.address.push_back({{text_of(child), {}}, false, {}});
    } else if (tag == "pAddress") {
        reg.address.push_back({{{}, text_of(child)}, false, {}});
    } else if (tag == "IntSwissKnife") {
        const std::string_view name = read_inner_knife(child, node);
        // The node may have moved when the knife was appended; its parts have not.
        reg.address.push_back({{{}, name}, false, {}});
    } else if (tag == "pIndex") {
        reg.address.push_back({{{}, text_of(child)},
                               true,
                               {trimmed(child.attribute("Offset").value()),
                                trimmed(child.attribute("pOffset").value())}});
    } else if (tag == "Length") {
        reg.length = {text_of(child), {}};
    } else if (tag == "pLength") {
        reg.length = {{}, text_of(child)};
    } else if (tag == "pPort") {
        reg.port = text_of(child);
    } else if (tag == "AccessMode") {
        reg.access = access_of(text_of(child));
    } else if (tag == "Endianess" || tag == "Endianness") {
        reg.big_endian = text_of(child) == "BigEndian";
    } else if (tag == "Sign") {
        reg.is_signed = text_of(child) == "Signed";
    } else if (tag == "Bit") {
        number(reg.lsb);
        reg.msb = reg.lsb;
    } else if (tag == "LSB") {
        number(reg.lsb);
    } else if (tag == "MSB") {
        number(reg.msb);
    } else if (tag == "Cachable") {
        const std::string_view text = text_of(child);
        reg.caching = text == "NoCache"       ? Caching::none
                      : text == "WriteAround" ? Caching::write_around
                                              : Caching::write_through;
    } else if (tag == "PollingTime") {
        reg.polling_ms = {text_of(child), {}};
    } else {
        return false;
    }
    return true;
}

std::string_view NodeReader::read_inner_knife(const pugi::xml_node& element, const Node& owner) {
    // No name of a description can have a space in it.
    const std::string_view name =
        kept(std::string(owner.name) + " address " + std::to_string(nodes_.size()));
    append(Kind::int_swiss_knife, name);
    const std::size_t at = nodes_.size() - 1;
    for (const pugi::xml_node& child : element.children())
        if (child.type() == pugi::node_element) read_child(child, nodes_[at]);
    return name;
}

bool NodeReader::read_formula_child(std::string_view tag, const pugi::xml_node& child, Node& node) {
    FormulaPart& part = *node.formula;
    const std::string_view name = trimmed(child.attribute("Name").value());
    if (tag == "Formula" || tag == "FormulaFrom") {
        part.formula = text_of(child);
    } else if (tag == "FormulaTo") {
        part.to_raw = text_of(child);
    } else if (tag == "Constant") {
        part.constants.emplace_back(name, text_of(child));
    } else if (tag == "Expression") {
        part.expressions.emplace_back(name, text_of(child));
    } else if (tag == "Slope") {
        const std::string_view text = text_of(child);
        part.slope = text == "Increasing"   ? Slope::increasing
                     : text == "Decreasing" ? Slope::decreasing
                     : text == "Varying"    ? Slope::varying
                                            : Slope::automatic;
    } else if (tag == "pVariable") {
        Variable variable;
        variable.name = name;
        variable.node = text_of(child);
        const std::size_t dot = name.find('.');
        const std::string_view suffix =
            dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
        if (suffix == "Min") {
            variable.property = Property::min;
        } else if (suffix == "Max") {
            variable.property = Property::max;
        } else if (suffix == "Inc") {
            variable.property = Property::inc;
        } else if (suffix.starts_with("Entry.")) {
            variable.property = Property::entry;
            variable.entry = suffix.substr(6);
        }
        part.variables.push_back(variable);
    } else {
        return false;
    }
    return true;
}

// <X> with a value in place or <pX> with a node's name.
bool NodeReader::read_source(std::string_view tag, const pugi::xml_node& child, Node& node) {
    static constexpr std::array<std::pair<std::string_view, Source Node::*>, 10> sources{{
        {"Value", &Node::value},
        {"Min", &Node::min},
        {"Max", &Node::max},
        {"Inc", &Node::inc},
        {"OnValue", &Node::on},
        {"OffValue", &Node::off},
        {"CommandValue", &Node::command_value},
        {"ValueDefault", &Node::otherwise},
        {"ChunkID", &Node::chunk_id},
        {"EventID", &Node::event_id},
    }};
    for (const auto& [name, member] : sources) {
        if (tag == name) {
            node.*member = {text_of(child), {}};
            return true;
        }
        if (tag.starts_with('p') && tag.substr(1) == name) {
            node.*member = {{}, text_of(child)};
            return true;
        }
    }
    return false;
}

bool NodeReader::read_value_child(std::string_view tag, const pugi::xml_node& child, Node& node) {
    static constexpr std::array<std::pair<std::string_view, std::string_view Node::*>, 10> texts{{
        {"DisplayName", &Node::display_name},
        {"ToolTip", &Node::tooltip},
        {"Description", &Node::description},
        {"Unit", &Node::unit},
        {"Representation", &Node::representation},
        {"DisplayPrecision", &Node::display_precision},
        {"pIsImplemented", &Node::is_implemented},
        {"pIsAvailable", &Node::is_available},
        {"pIsLocked", &Node::is_locked},
        {"pIndex", &Node::index},
    }};
    const std::string_view text = text_of(child);
    for (const auto& [name, member] : texts) {
        if (tag != name) continue;
        node.*member = text;
        return true;
    }
    if (tag == "EnumEntry") {
        read_entry(child, node);
    } else if (tag == "pFeature") {
        node.features.push_back(text);
    } else if (tag == "pSelected") {
        node.selected.push_back(text);
    } else if (tag == "pInvalidator") {
        node.invalidators.push_back(text);
    } else if (tag == "pValueCopy") {
        node.value_copies.push_back(text);
    } else if (tag == "ValueIndexed" || tag == "pValueIndexed") {
        const auto index = parse_integer(trimmed(child.attribute("Index").value()));
        const bool in_place = tag == "ValueIndexed";
        node.indexed.emplace_back(index.value_or(0),
                                  in_place ? Source{text, {}} : Source{{}, text});
    } else if (tag == "ImposedAccessMode") {
        node.imposed_access = access_of(text);
    } else if (tag == "Streamable") {
        node.streamable = is_yes(text);
    } else if (tag == "Visibility") {
        node.visibility = text == "Expert"      ? Visibility::expert
                          : text == "Guru"      ? Visibility::guru
                          : text == "Invisible" ? Visibility::invisible
                                                : Visibility::beginner;
    } else {
        return tag == "PollingTime" || tag == "Cachable" || tag == "AccessMode";
    }
    return true;
}

void NodeReader::read_entry(const pugi::xml_node& element, Node& node) {
    EnumEntry entry;
    entry.name = trimmed(element.attribute("Name").value());
    for (const pugi::xml_node& child : element.children()) {
        const std::string_view tag = local_name(child);
        if (tag == "Value") entry.value = text_of(child);
        if (tag == "DisplayName") entry.display_name = text_of(child);
        if (tag == "pIsImplemented") entry.is_implemented = text_of(child);
        if (tag == "pIsAvailable") entry.is_available = text_of(child);
    }
    node.entries.push_back(entry);
}

// Texts interrupted by a comment or a CDATA section are put together.
std::string_view NodeReader::text_of(const pugi::xml_node& element) {
    const auto is_text = [](const pugi::xml_node& n) {
        return n.type() == pugi::node_pcdata || n.type() == pugi::node_cdata;
    };
    std::string_view only;
    std::string joined;
    int pieces = 0;
    for (const pugi::xml_node& piece : element.children()) {
        if (!is_text(piece)) continue;
        if (++pieces == 2) joined = only;
        if (pieces == 1)
            only = piece.value();
        else
            joined += piece.value();
    }
    return trimmed(pieces > 1 ? kept(std::move(joined)) : only);
}

std::string_view NodeReader::kept(std::string text) {
    return texts_.emplace_back(std::move(text));
}

void NodeReader::note(std::string text) {
    if (notes_.size() < most_notes) notes_.push_back(std::move(text));
}

}  // namespace opal::drivers::genapi
